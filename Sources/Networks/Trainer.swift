package import Kernels

/// Teaches a network: owns its weights, gradient, moments and the memory that training needs.
///
/// The same updates from the same state give the same bits, whatever the number of threads. An update that throws has
/// changed nothing. Not `Sendable`: one thread at a time.
package final class Trainer {
  /// The network's sizes; the vocabulary's by `grow(toVocabulary:)`.
  package var shape: NetworkShape { shared.parameters.layout.shape }
  package let optimizer: Optimizer
  /// The probability that a number is dropped between two layers in an update.
  package let dropout: Double
  /// What the products of an update multiply with: weights, sums and everything else are single precision in any case.
  package let precision: ProductPrecision
  /// What first weights, new words' weights and dropout's choices come from.
  package let seed: UInt64
  /// How many updates were made.
  package internal(set) var step: Int

  let team: ThreadTeam
  var shared: SharedWeights
  var weights: Parameters { shared.parameters }
  var gradient: Parameters
  /// In the order of `Optimizer.momentPrefixes`.
  var moments: [Parameters]
  /// What is known of the magnitudes: kept beside weights and moments, so that resuming decides as not stopping would.
  package internal(set) var bound: MagnitudeBound
  private var pass: NetworkPass
  /// Rows of the encoder that the window at hand reads, unless it is tied.
  private(set) var touchedRows = TouchedRows()

  /// Makes a trainer of a new network.
  ///
  /// - Throws: `NetworkError.badSetting` for an optimiser or dropout out of range.
  package convenience init(
    shape: NetworkShape, optimizer: Optimizer, dropout: Double = 0, seed: UInt64, precision: ProductPrecision = .single,
    team: ThreadTeam = ThreadTeam()
  ) throws(NetworkError) {
    try self.init(
      unfilled: shape, optimizer: optimizer, dropout: dropout, seed: seed, step: 0, precision: precision, team: team)
    let initializer = WeightInitializer(seed: seed)
    initializer.fillRecurrentPart(of: weights)
    initializer.fillVocabularyRows(0..<shape.vocabularySize, of: weights)
    bound = measuredBound()
  }

  /// Makes a trainer that goes on from weights and moments that were kept.
  ///
  /// - Parameters:
  ///   - step: How many updates were made.
  ///   - bound: What was known of the magnitudes; measured when left out.
  ///   - fill: Called for every tensor, those of the weights under PyTorch's names first, then the moments' (such as
  ///     `exp_avg.encoder.weight`), each with zeros to overwrite with finite numbers.
  ///   - refusal: Turns the network's own reason to refuse into the caller's kind of error.
  /// - Throws: What `fill` throws; `NetworkError.badSetting` for an optimiser, dropout or step out of range, or
  ///   `NetworkError.diverged` for numbers that are not finite or beyond any use, as `refusal` puts them.
  package convenience init<Failure: Error>(
    restoring shape: NetworkShape, optimizer: Optimizer, dropout: Double = 0, seed: UInt64, step: Int,
    bound kept: MagnitudeBound? = nil, precision: ProductPrecision = .single, team: ThreadTeam = ThreadTeam(),
    refusal: (NetworkError) -> Failure,
    fill: (NamedTensor) throws(Failure) -> Void
  ) throws(Failure) {
    do {
      try self.init(
        unfilled: shape, optimizer: optimizer, dropout: dropout, seed: seed, step: step, precision: precision,
        team: team)
    } catch {
      throw refusal(error)
    }
    for tensor in weightTensors + optimizerTensors { try fill(tensor) }
    bound = measuredBound()
    // What was trained here may have a norm beyond the limit though none of its numbers is.
    if let kept, kept.isSafe, bound.weights.isFinite, bound.moments.isFinite { bound = kept }
    guard bound.weights <= MagnitudeBound.limit else { throw refusal(.diverged(.weights)) }
    guard bound.isSafe, secondMoment?.hasNegative != true else { throw refusal(.diverged(.moments)) }
  }

  private init(
    unfilled shape: NetworkShape, optimizer: Optimizer, dropout: Double, seed: UInt64, step: Int,
    precision: ProductPrecision,
    team: ThreadTeam
  ) throws(NetworkError) {
    try optimizer.validate()
    try Optimizer.check("dropout", dropout, "in 0..<1") { $0 >= 0 && $0 < 1 }
    try Optimizer.check("step", Double(step), "in 0...2^53") { $0 >= 0 && $0 <= 0x1p53 }
    self.optimizer = optimizer
    self.dropout = dropout
    self.seed = seed
    self.precision = precision
    self.step = step
    self.team = team
    let layout = ParameterLayout(shape: shape)
    shared = SharedWeights(Parameters(layout: layout))
    gradient = Self.makeGradient(layout, optimizer)
    moments = optimizer.momentPrefixes.map { _ in Parameters(layout: layout) }
    bound = MagnitudeBound(weights: 0, moments: 0)
    pass = NetworkPass(shape: shape, dropout: dropout, precision: precision)
  }

  /// Learns from a window: runs it forward, sends the loss back through its time steps, clips, and changes the weights.
  ///
  /// - Parameters:
  ///   - state: The states that the sequences begin in, one each; on return those in which they ended.
  /// - Returns: The loss before the update, and what the gradient was like.
  /// - Throws: `NetworkError.badSetting`, `.tokenOutOfRange`, `.nothingToPredict`, or `.diverged` if the loss, the
  ///   gradient or the new weights would not be finite. Then nothing has changed.
  /// - Precondition: `state` has a state of this network for each of the window's sequences.
  package func update(
    _ window: TrainingWindow, from state: inout BatchState, settings: UpdateSettings
  ) throws(NetworkError) -> UpdateResult {
    try settings.validate()
    try check(window)
    let mayFactor =
      optimizer.leavesUntouchedRowsAlone && !shape.isTied && settings.clipValue == nil
      && settings.sampledSoftmax == nil
    let loss = computeGradient(
      window, from: state, mayFactor: mayFactor, sampledSoftmax: settings.sampledSoftmax)
    defer { clearTouchedRows() }
    guard loss.isFinite, pass.endsFinite else { throw .diverged(.loss) }
    let norm = gradientNorm()
    guard norm.isFinite else { throw .diverged(.gradient) }
    let clipping = clip(norm: norm, settings: settings)
    guard clipping.greatest <= MagnitudeBound.limit else { throw .diverged(.gradient) }
    try apply(clipping, learningRate: settings.learningRate)
    pass.store(into: &state.sequences)
    return UpdateResult(
      loss: loss, tokenCount: window.targetCount, gradientNorm: norm, clipped: clipping.changedGradient)
  }

  /// Computes a window's loss and gradient and leaves it at that.
  ///
  /// With `mayFactor` the decoder's may stay in `factoredDecoderGradient`. The encoder's, unless it is tied, must be
  /// cleared by `clearTouchedRows` before the next pass.
  func computeGradient(
    _ window: TrainingWindow, from state: BatchState, mayFactor: Bool = false, sampledSoftmax: SampledSoftmax? = nil
  ) -> Double {
    let dropoutKey = SplitMix64.mix(seed &+ SplitMix64.mix(UInt64(step)))
    let draw = sampledSoftmax.map { SoftmaxDraw(softmax: $0, key: SplitMix64.mix(~dropoutKey)) }
    pass.forward(
      inputs: window.inputs, batchSize: window.batchSize, from: state.sequences, weights: weights,
      dropoutKey: dropoutKey, team: team)
    if !shape.isTied { touchedRows.mark(tokens: window.inputs, rowCount: shape.vocabularySize) }
    return pass.backward(
      targets: window.targets, weights: weights, gradient: gradient, mayFactor: mayFactor, draw: draw,
      team: team)
  }

  /// Zeroes what a pass added to the encoder's gradient.
  func clearTouchedRows() {
    for row in touchedRows.list { gradient.encoder.row(row).fill(with: 0) }
    touchedRows.clear()
  }

  /// The weights as they are now, for readers on any thread; it costs nothing.
  ///
  /// While it is held, the next update writes the weights elsewhere.
  package func snapshot() -> WeightsSnapshot { shared.snapshot }

  /// Makes ready at once what the next update writes to if a snapshot is held, so that it takes less time.
  package func prepareForUpdate() { shared.prepare() }

  /// Gives back memory that only updates need, and the next one takes again.
  package func releaseWorkspace() {
    pass = NetworkPass(shape: shape, dropout: dropout, precision: precision)
    gradient = Self.makeGradient(weights.layout, optimizer)
    shared.releaseSpare()
  }

  /// Room for a gradient. Of an encoder that keeps the rows that no token names, short lessons need only a few.
  static func makeGradient(_ layout: ParameterLayout, _ optimizer: Optimizer) -> Parameters {
    let gradient = Parameters(layout: layout)
    if optimizer.leavesUntouchedRowsAlone, !layout.shape.isTied {
      gradient.buffer.expectFewWrites(at: layout.usedRanges[ParameterLayout.encoderPart])
    }
    return gradient
  }

  /// Every weight under PyTorch's name; views, good until the next change.
  package var weightTensors: [NamedTensor] { weights.tensors() }

  /// The optimiser's moments: the weights' names after `momentum_buffer.`, or `exp_avg.` and `exp_avg_sq.`.
  package var optimizerTensors: [NamedTensor] {
    zip(optimizer.momentPrefixes, moments).flatMap { prefix, moment in moment.tensors(prefix: prefix) }
  }

  private func check(_ window: TrainingWindow) throws(NetworkError) {
    guard window.targets.contains(where: { $0 >= 0 }) else { throw .nothingToPredict }
    let size = shape.vocabularySize
    for token in window.inputs where Int(token) >= size {
      throw .tokenOutOfRange(found: token, vocabularySize: size)
    }
    for token in window.targets where Int(token) >= size {
      throw .tokenOutOfRange(found: token, vocabularySize: size)
    }
  }

  /// The decoder's gradient, if it was left in factors.
  var factoredDecoderGradient: FactoredGradient? { pass.factoredDecoderGradient }

  /// Visits the parts of the buffers that the present gradient concerns, in a fixed order: everything in use, but no
  /// decoder whose gradient is in factors, and of an untied encoder only the rows of tokens that were read, where
  /// `onlyTouched` asks for it.
  ///
  /// - Parameter body: Is given an offset, good for weights, gradient and moments alike, and a count.
  func forEachPart(onlyTouched: Bool, _ body: (_ offset: Int, _ count: Int) -> Void) {
    let layout = gradient.layout
    let leavesEncoderOut = onlyTouched && !shape.isTied
    for (index, range) in layout.usedRanges.enumerated() {
      if leavesEncoderOut && index == ParameterLayout.encoderPart { continue }
      if factoredDecoderGradient != nil && index == ParameterLayout.decoderPart { continue }
      body(range.lowerBound, range.count)
    }
    guard leavesEncoderOut else { return }
    let encoderOffset = layout.usedRanges[ParameterLayout.encoderPart].lowerBound
    for row in touchedRows.list { body(encoderOffset + row * shape.embeddingSize, shape.embeddingSize) }
  }
}
