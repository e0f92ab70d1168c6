import Kernels

/// A whole network's passes over a window: embedding, layers, output layer, and back.
///
/// It owns the memory that they need and keeps it from window to window, so that in a steady run nothing is allocated.
/// Weights and gradients are the caller's.
final class NetworkPass {
  let shape: NetworkShape
  /// The probability that a number is dropped between two layers.
  let dropout: Double
  let layers: [RecurrentLayer]
  private let output: OutputLayer

  /// x of the lowest layer, `[T·B, E]`, and its gradient.
  private var embedded = ScratchMatrix()
  private var embeddedGradient = ScratchMatrix()
  /// What each layer above the lowest reads, where dropout changes it. `[T·B, H]`.
  private var dropped: [ScratchMatrix]
  /// The window's inputs, with a token that is in every vocabulary in place of padding.
  private var tokens: [TokenID] = []
  /// The window's inputs if some are padding.
  private var paddedTokens: [TokenID]?
  /// What dropout's choices depend on; nil without dropout.
  private var dropoutKey: UInt64?

  /// Makes room for nothing yet.
  ///
  /// - Parameter precision: What products of more than one position multiply with.
  /// - Precondition: `dropout` is in 0..<1.
  init(shape: NetworkShape, dropout: Double = 0, precision: ProductPrecision = .single) {
    self.shape = shape
    self.dropout = dropout
    layers = (0..<shape.layerCount).map { _ in
      RecurrentLayer(kind: shape.cell, hiddenSize: shape.hiddenSize, precision: precision)
    }
    output = OutputLayer(shape: shape, precision: precision)
    dropped = Array(repeating: ScratchMatrix(), count: shape.layerCount)
  }

  /// Whether it can run networks of a shape: the vocabulary's size does not matter.
  func fits(_ other: NetworkShape) -> Bool {
    (try? other.resized(toVocabulary: shape.vocabularySize)) == shape
  }

  /// Runs the layers over a window.
  ///
  /// - Parameters:
  ///   - inputs: The tokens, time step by time step; padding where a sequence has none.
  ///   - state: The states that the sequences begin in.
  ///   - dropoutKey: Names this pass's random choices; nil for reading, when nothing is dropped.
  /// - Precondition: every input is in the vocabulary of `weights` or padding; a state fits the shape.
  func forward(
    inputs: some Collection<TokenID>, batchSize: Int, from state: [HiddenState], weights: Parameters,
    dropoutKey: UInt64?, team: ThreadTeam
  ) {
    precondition(batchSize > 0 && inputs.count % batchSize == 0 && state.count == batchSize, "NetworkPass: bad window")
    readTokens(inputs)
    self.dropoutKey = dropout > 0 ? dropoutKey : nil
    embedded.reshape(rows: tokens.count, columns: shape.embeddingSize)
    let tokens = tokens
    gatherRows(of: weights.encoder, at: tokens.span, into: embedded.view)
    for (index, layer) in layers.enumerated() {
      layer.reshape(batchSize: batchSize, sequenceLength: tokens.count / batchSize)
      load(state, into: index)
      if index > 0 { drop(outputOf: layers[index - 1], forLayer: index) }
      layer.forward(
        input: input(ofLayer: index), weights: weights.layers[index], paddedTokens: paddedTokens, team: team)
    }
  }

  /// Sends the loss of a window that was just run forward back to every weight.
  ///
  /// - Parameters:
  ///   - gradient: Receives the gradient. The encoder's, unless it is tied, is added to: it must be zero before.
  ///   - mayFactor: Whether the decoder's gradient may be left in `factoredDecoderGradient` where that is less work.
  ///   - draw: Has the loss taken among a sample of words, if there is one.
  ///   - observe: Is shown, of a batch of one, a layer, a time step and ∂L/∂h there, from the last time step to the
  ///     first, top layer first.
  /// - Returns: The mean loss, in nats.
  /// - Precondition: there is a target; each is in the vocabulary of `weights`.
  func backward(
    targets: [TokenID], weights: Parameters, gradient: Parameters?, mayFactor: Bool = false, draw: SoftmaxDraw? = nil,
    team: ThreadTeam,
    observe: (_ layer: Int, _ step: Int, Matrix) -> Void = { _, _, _ in }
  ) -> Double {
    for layer in layers { layer.hiddenGradient.reshape(rows: tokens.count, columns: shape.hiddenSize) }
    let top = layers[layers.count - 1]
    let loss = output.sendBack(
      hidden: top.output, targets: targets, weights: weights, gradient: gradient, mayFactor: mayFactor,
      draw: draw, hiddenGradient: top.hiddenGradient.view, team: team)
    for (index, layer) in layers.enumerated().reversed() {
      layer.backward(weights: weights.layers[index], paddedTokens: paddedTokens, team: team) { step, hiddenGradient in
        observe(index, step, hiddenGradient)
      }
      if let gradient {
        layer.writeGradients(input: input(ofLayer: index), to: gradient.layers[index], team: team)
      }
      if index > 0 { sendDown(from: index, weights: weights, team: team) }
    }
    if let gradient {
      embeddedGradient.reshape(rows: tokens.count, columns: shape.embeddingSize)
      layers[0].writeInputGradient(weights: weights.layers[0], into: embeddedGradient.view, team: team)
      let tokens = tokens
      scatterAddRows(embeddedGradient.view, at: tokens.span, to: gradient.encoder)
    }
    return loss
  }

  /// The decoder's gradient, if `backward` left it in factors; good until the next pass.
  var factoredDecoderGradient: FactoredGradient? { output.factoredGradient }

  /// Appends the log-probability of the token that follows each position of a window that was just run forward.
  func appendLogProbabilities(
    of targets: [TokenID], weights: Parameters, to scores: inout [Float], team: ThreadTeam
  ) {
    output.appendLogProbabilities(
      hidden: layers[layers.count - 1].output, targets: targets, weights: weights, to: &scores, team: team)
  }

  /// Copies out the states in which the sequences of a window ended that was just run forward.
  func store(into state: inout [HiddenState]) {
    for (index, layer) in layers.enumerated() {
      for sequence in state.indices {
        let row = layer.sequenceLength * layer.batchSize + sequence
        let offset = index * shape.cell.stateCount * shape.hiddenSize
        layer.hidden.view.row(row).copy(to: &state[sequence].values, at: offset)
        guard shape.cell.hasCellState else { continue }
        layer.cells.view.row(row).copy(to: &state[sequence].values, at: offset + shape.hiddenSize)
      }
    }
  }

  /// Whether the states in which the sequences ended are all finite.
  var endsFinite: Bool {
    layers.allSatisfy { layer in
      let rows = layer.sequenceLength * layer.batchSize..<(layer.sequenceLength + 1) * layer.batchSize
      guard sum(layer.hidden.view.rows(rows).all).isFinite else { return false }
      return !shape.cell.hasCellState || sum(layer.cells.view.rows(rows).all).isFinite
    }
  }

  private func readTokens(_ inputs: some Collection<TokenID>) {
    tokens.removeAll(keepingCapacity: true)
    tokens.append(contentsOf: inputs)
    guard tokens.contains(where: { $0 < 0 }) else {
      paddedTokens = nil
      return
    }
    paddedTokens = tokens
    for index in tokens.indices where tokens[index] < 0 { tokens[index] = 0 }
  }

  private func load(_ state: [HiddenState], into index: Int) {
    let layer = layers[index]
    let offset = index * shape.cell.stateCount * shape.hiddenSize
    for (sequence, state) in state.enumerated() {
      precondition(state.values.count == HiddenState.count(for: shape), "NetworkPass: state of another network")
      layer.hidden.view.row(sequence).copy(from: state.values[offset..<offset + shape.hiddenSize])
      guard shape.cell.hasCellState else { continue }
      let cells = offset + shape.hiddenSize..<offset + 2 * shape.hiddenSize
      layer.cells.view.row(sequence).copy(from: state.values[cells])
    }
  }

  /// What a layer reads.
  private func input(ofLayer index: Int) -> Matrix {
    if index == 0 { return embedded.view }
    return dropoutKey == nil ? layers[index - 1].output : dropped[index].view
  }

  private func drop(outputOf layer: RecurrentLayer, forLayer index: Int) {
    guard let dropoutKey else { return }
    dropped[index].reshape(rows: tokens.count, columns: shape.hiddenSize)
    dropped[index].view.copy(from: layer.output)
    applyDropout(probability: dropout, key: dropoutKey &+ UInt64(index), to: dropped[index].view.all)
  }

  /// Hands the gradient of what a layer read to the layer below.
  private func sendDown(from index: Int, weights: Parameters, team: ThreadTeam) {
    let below = layers[index - 1].hiddenGradient.view
    layers[index].writeInputGradient(weights: weights.layers[index], into: below, team: team)
    if let dropoutKey { applyDropout(probability: dropout, key: dropoutKey &+ UInt64(index), to: below.all) }
  }
}
