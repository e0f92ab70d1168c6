import Kernels

/// The output layer, its softmax and the loss, over any number of positions at once.
///
///     y      = P h + q                          where the network has a projection, else y = h
///     logits = D y + d                          D `[V, H or E]`, the encoder's own weights in a tied network
///     loss   = mean over targets of  log Σ_j e^logits[j] − logits[target]        in nats
///
/// Positions without a target are left out of every product. Softmax and cross-entropy are one pass in which the logits
/// become their own gradient, so that there is never a second matrix of their size; and that matrix is bounded: more
/// positions than fit are taken piece by piece, in order.
final class OutputLayer {
  private let hasProjection: Bool
  private let hiddenSize: Int
  private let outputSize: Int
  private let precision: ProductPrecision

  /// Positions that have a target, and the targets there.
  private var positions: [Int] = []
  private var targets: [TokenID] = []
  /// h at those positions, if they are not all; `[n, H]`.
  private var selected = ScratchMatrix()
  private var selectedGradient = ScratchMatrix()
  /// y, and its gradient; `[n, E]`.
  private var projected = ScratchMatrix()
  private var projectedGradient = ScratchMatrix()
  /// A piece's logits, then their gradient; `[m, V]`.
  private var logits = ScratchMatrix()
  /// What is done for large vocabularies instead.
  private let vocabularyPass: VocabularyPass
  /// What is done where a sample is drawn instead.
  private let sampled: SampledOutput
  /// One loss, or log-probability, a target; `[1, n]`.
  private var results = ScratchMatrix()
  /// For a factored gradient; `[n, n]` twice, and `[n, H or E]`.
  private var products = (ScratchMatrix(), ScratchMatrix(), ScratchMatrix())
  /// The decoder's gradient, if the last pass left it in factors; good until the next.
  private(set) var factoredGradient: FactoredGradient?

  /// How many numbers a piece of the logits may have: 32 MiB, a large cache's size.
  private static let logitsLimit = 1 << 23

  init(shape: NetworkShape, precision: ProductPrecision) {
    hasProjection = shape.hasProjection
    hiddenSize = shape.hiddenSize
    outputSize = shape.outputSize
    self.precision = precision
    vocabularyPass = VocabularyPass(precision: precision)
    sampled = SampledOutput(precision: precision)
  }

  /// Computes the mean loss and sends it back.
  ///
  /// - Parameters:
  ///   - hidden: The top layer's h at every position, `[positions, H]`.
  ///   - targets: One a position; negative where nothing is predicted.
  ///   - gradient: Receives the gradients of decoder and projection; nothing if left out.
  ///   - mayFactor: Whether the decoder's gradient may be left in `factoredGradient` where that is less work.
  ///   - draw: Has the loss taken among a sample of words, if there is one.
  ///   - hiddenGradient: Receives ∂L/∂h of every position.
  /// - Returns: The loss, in nats. It may be infinite or NaN, and then so may the gradients.
  /// - Precondition: there is a target; each is less than the vocabulary's size.
  func sendBack(
    hidden: Matrix, targets allTargets: [TokenID], weights: Parameters, gradient: Parameters?, mayFactor: Bool,
    draw: SoftmaxDraw? = nil, hiddenGradient: Matrix, team: ThreadTeam
  ) -> Double {
    select(allTargets)
    let targets = targets
    let isWhole = targets.count == hidden.rows
    let read = isWhole ? hidden : gather(hidden)
    let output = project(read, weights: weights, team: team)
    if !isWhole { selectedGradient.reshape(rows: targets.count, columns: hiddenSize) }
    let readGradient = isWhole ? hiddenGradient : selectedGradient.view
    if hasProjection { projectedGradient.reshape(rows: targets.count, columns: outputSize) }
    let outputGradient = hasProjection ? projectedGradient.view : readGradient
    results.reshape(rows: 1, columns: targets.count)
    factoredGradient = nil
    if let gradient, let draw {
      sampled.sendBack(
        output, targets: targets, draw: draw, decoder: weights.decoder, gradient: gradient.decoder,
        losses: results.view.row(0), into: outputGradient, team: team)
    } else if let gradient, usesVocabularyPass(weights) {
      let isFactored = mayFactor && isSmall(targets.count)
      sendBackInSlices(output, weights, gradient, isFactored: isFactored, into: outputGradient, team: team)
    } else {
      sendBackWhole(output, weights, gradient, into: outputGradient, team: team)
    }
    sendBackThroughProjection(outputGradient, read: read, weights, gradient, into: readGradient, team: team)
    if !isWhole { spread(readGradient, over: hiddenGradient) }
    return sum(results.view.row(0)) / Double(targets.count)
  }

  /// Computes the losses and the gradients of a large vocabulary.
  private func sendBackInSlices(
    _ output: Matrix, _ weights: Parameters, _ gradient: Parameters, isFactored: Bool, into outputGradient: Matrix,
    team: ThreadTeam
  ) {
    let targets = targets
    for piece in pieces(of: output, weights: weights, limit: VocabularyPass.positionLimit) {
      let left = vocabularyPass.sendBack(
        output.rows(piece), weights: weights.decoder.weights, bias: weights.decoder.bias,
        targets: targets.span.extracting(piece), scale: 1 / Float(targets.count), losses: results.view.row(0)[piece],
        gradients: .init(
          hidden: outputGradient.rows(piece), weights: isFactored ? nil : gradient.decoder.weights,
          bias: gradient.decoder.bias, accumulates: piece.lowerBound > 0), team: team)
      if isFactored { factoredGradient = factored(left, output) }
    }
  }

  /// Computes the losses and the gradients from whole rows of logits.
  private func sendBackWhole(
    _ output: Matrix, _ weights: Parameters, _ gradient: Parameters?, into outputGradient: Matrix, team: ThreadTeam
  ) {
    let targets = targets
    gradient?.decoder.bias.fill(with: 0)
    forEachPiece(output, weights: weights, team: team) { piece, logits in
      softmaxCrossEntropy(
        logits: logits, targets: targets.span.extracting(piece), scale: 1 / Float(targets.count),
        losses: results.view.row(0)[piece], team: team)
      multiply(
        logits, weights.decoder.weights, precision: precision, into: outputGradient.rows(piece), team: team)
      guard let gradient else { return }
      addColumnSums(of: logits, to: gradient.decoder.bias)
      multiply(
        logits, output.rows(piece), transposeA: true, accumulate: piece.lowerBound > 0, precision: precision,
        into: gradient.decoder.weights, team: team)
    }
  }

  private func usesVocabularyPass(_ weights: Parameters) -> Bool {
    weights.decoder.bias.count >= VocabularyPass.leastSize
  }

  /// Turns ∂L/∂y into ∂L/∂h and the projection's gradient; nothing if there is none, when the two are one.
  private func sendBackThroughProjection(
    _ outputGradient: Matrix, read: Matrix, _ weights: Parameters, _ gradient: Parameters?, into readGradient: Matrix,
    team: ThreadTeam
  ) {
    guard let projection = weights.projection else { return }
    multiply(outputGradient, projection.weights, precision: precision, into: readGradient, team: team)
    guard let target = gradient?.projection else { return }
    multiply(outputGradient, read, transposeA: true, precision: precision, into: target.weights, team: team)
    target.bias.fill(with: 0)
    addColumnSums(of: outputGradient, to: target.bias)
  }

  /// Appends the log-probability of each position's target, in nats; of every position, so each must have one.
  ///
  /// - Precondition: every target is in the vocabulary.
  func appendLogProbabilities(
    hidden: Matrix, targets allTargets: [TokenID], weights: Parameters, to scores: inout [Float], team: ThreadTeam
  ) {
    select(allTargets)
    let targets = targets
    precondition(targets.count == hidden.rows, "OutputLayer: a position without a target")
    let output = project(hidden, weights: weights, team: team)
    results.reshape(rows: 1, columns: targets.count)
    let row = results.view.row(0)
    if usesVocabularyPass(weights) {
      vocabularyPass.losses(
        output, weights: weights.decoder.weights, bias: weights.decoder.bias, targets: targets.span, into: row,
        team: team)
      scale(row, by: -1)
    } else {
      forEachPiece(output, weights: weights, team: team) { piece, logits in
        logProbabilities(logits: logits, targets: targets.span.extracting(piece), into: row[piece], team: team)
      }
    }
    for index in 0..<row.count { scores.append(row[index]) }
  }

  /// Lists the positions that have a target.
  private func select(_ allTargets: [TokenID]) {
    positions.removeAll(keepingCapacity: true)
    targets.removeAll(keepingCapacity: true)
    for (position, target) in allTargets.enumerated() where target >= 0 {
      positions.append(position)
      targets.append(target)
    }
  }

  /// Whether the products among so few positions are less work than passes over the gradient.
  private func isSmall(_ count: Int) -> Bool { 2 * count <= min(outputSize, VocabularyPass.positionLimit) }

  private func factored(_ left: Matrix, _ output: Matrix) -> FactoredGradient {
    products.0.reshape(rows: output.rows, columns: output.rows)
    products.1.reshape(rows: output.rows, columns: output.rows)
    products.2.reshape(rows: output.rows, columns: output.columns)
    return FactoredGradient(
      left: left, right: output, scratch: (products.0.view, products.1.view, products.2.view))
  }

  private func gather(_ hidden: Matrix) -> Matrix {
    selected.reshape(rows: positions.count, columns: hiddenSize)
    for (row, position) in positions.enumerated() { selected.view.row(row).copy(from: hidden.row(position)) }
    return selected.view
  }

  private func spread(_ gradient: Matrix, over hiddenGradient: Matrix) {
    hiddenGradient.fill(with: 0)
    for (row, position) in positions.enumerated() { hiddenGradient.row(position).copy(from: gradient.row(row)) }
  }

  private func project(_ hidden: Matrix, weights: Parameters, team: ThreadTeam) -> Matrix {
    guard let projection = weights.projection else { return hidden }
    projected.reshape(rows: hidden.rows, columns: outputSize)
    multiply(
      hidden, projection.weights, bias: projection.bias, transposeB: true, precision: precision, into: projected.view,
      team: team)
    return projected.view
  }

  /// The positions, as many at a time as fit, in order.
  private func pieces(
    of output: Matrix, weights: Parameters, limit: Int = .max
  ) -> some Sequence<Range<Int>> {
    let size = max(1, min(output.rows, limit, Self.logitsLimit / weights.decoder.bias.count))
    return stride(from: 0, to: output.rows, by: size).lazy.map { $0..<min($0 + size, output.rows) }
  }

  /// Computes the logits of as many positions at a time as fit, in order.
  private func forEachPiece(
    _ output: Matrix, weights: Parameters, team: ThreadTeam, _ body: (Range<Int>, Matrix) -> Void
  ) {
    for piece in pieces(of: output, weights: weights) {
      logits.reshape(rows: piece.count, columns: weights.decoder.bias.count)
      multiply(
        output.rows(piece), weights.decoder.weights, bias: weights.decoder.bias, transposeB: true, precision: precision,
        into: logits.view,
        team: team)
      body(piece, logits.view)
    }
  }
}
