import Kernels

extension RecurrentLayer {
  /// Sends the loss back through the window, time step by time step.
  ///
  /// On entry `hiddenGradient` holds what comes from above for every position. On return `gates` (and where the cell
  /// keeps it apart `recurrentParts`) hold the gradients with respect to the sums; the weights' gradients then are one
  /// product over all positions each.
  ///
  /// - Parameters:
  ///   - tokens: The window's inputs if some are padding; there the gradient passes by unchanged.
  ///   - observe: Is shown ∂L/∂h of every time step once it is whole, from the last to the first, of a batch of one.
  func backward(
    weights: LayerParameters, paddedTokens tokens: [TokenID]?, team: ThreadTeam, observe: (Int, Matrix) -> Void
  ) {
    guard sequenceLength > 0, batchSize > 0 else { return }
    if kind.hasCellState {
      cellGradient.reshape(rows: batchSize, columns: hiddenSize)
      cellGradient.view.fill(with: 0)
    }
    if tokens != nil { stash.reshape(rows: 2 * batchSize, columns: hiddenSize) }
    let packed = backwardWeights
    packed.pack(weights.recurrentWeights, team: team)
    forEachShare(team: team) { sequences, team in
      for step in (0..<sequenceLength).reversed() {
        let views = views(at: step, of: sequences, withGradients: true)
        if batchSize == 1 { observe(step, views.hiddenGradient) }
        if let tokens { stashGradients(at: step, of: sequences, tokens: tokens, views) }
        cell.backward(views, team: team)
        if let tokens { restoreGradients(at: step, of: sequences, tokens: tokens, views) }
        if step > 0 { passOn(from: views, by: packed, step: step, of: sequences, tokens, team: team) }
      }
    }
  }

  /// Writes the gradients of the layer's weights: for each, the sum over all positions.
  ///
  /// - Precondition: `backward` was called; `input` is what `forward` was given.
  func writeGradients(input: Matrix, to gradient: LayerParameters, team: ThreadTeam) {
    let recurrentSums = cell.keepsRecurrentPartApart ? recurrentParts.view : gates.view
    let previousHidden = hidden.view.rows(0..<batchSize * sequenceLength)
    multiply(gates.view, input, transposeA: true, precision: precision, into: gradient.inputWeights, team: team)
    multiply(
      recurrentSums, previousHidden, transposeA: true, precision: precision, into: gradient.recurrentWeights, team: team
    )
    gradient.inputBias.fill(with: 0)
    addColumnSums(of: gates.view, to: gradient.inputBias)
    if cell.keepsRecurrentPartApart {
      gradient.recurrentBias.fill(with: 0)
      addColumnSums(of: recurrentSums, to: gradient.recurrentBias)
    } else {
      gradient.recurrentBias.copy(from: gradient.inputBias)
    }
  }

  /// Writes ∂L/∂x of every position, `[T·B, input]`.
  ///
  /// - Precondition: `backward` was called.
  func writeInputGradient(weights: LayerParameters, into inputGradient: Matrix, team: ThreadTeam) {
    multiply(gates.view, weights.inputWeights, precision: precision, into: inputGradient, team: team)
  }

  /// Adds ∂L/∂h to what the time step before has from above.
  private func passOn(
    from views: CellStep, by weights: PackedMatrix, step: Int, of sequences: Range<Int>, _ tokens: [TokenID]?,
    team: ThreadTeam
  ) {
    let earlier = self.views(at: step - 1, of: sequences, withGradients: true).hiddenGradient
    let sums = cell.keepsRecurrentPartApart ? views.recurrentPart : views.gates
    multiply(sums, weights, accumulate: true, into: earlier, team: team)
    if cell.passesHiddenGradientOn {
      add(views.hiddenGradient.all, to: earlier.all)
    } else if let tokens {
      for (row, sequence) in sequences.enumerated() where tokens[step * batchSize + sequence] < 0 {
        add(stash.view.row(sequence), to: earlier.row(row))
      }
    }
  }

  private func stashGradients(at step: Int, of sequences: Range<Int>, tokens: [TokenID], _ views: CellStep) {
    for (row, sequence) in sequences.enumerated() where tokens[step * batchSize + sequence] < 0 {
      stash.view.row(sequence).copy(from: views.hiddenGradient.row(row))
      if kind.hasCellState { stash.view.row(batchSize + sequence).copy(from: views.cellGradient.row(row)) }
    }
  }

  /// Makes the time step the identity for sequences whose input is padding: no gradient for the sums, all of it for
  /// the states before.
  private func restoreGradients(at step: Int, of sequences: Range<Int>, tokens: [TokenID], _ views: CellStep) {
    for (row, sequence) in sequences.enumerated() where tokens[step * batchSize + sequence] < 0 {
      views.gates.row(row).fill(with: 0)
      if cell.keepsRecurrentPartApart { views.recurrentPart.row(row).fill(with: 0) }
      views.hiddenGradient.row(row).copy(from: stash.view.row(sequence))
      if kind.hasCellState { views.cellGradient.row(row).copy(from: stash.view.row(batchSize + sequence)) }
    }
  }
}
