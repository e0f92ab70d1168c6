import Kernels
import Testing

@testable import Networks

@Suite("An update that fails changes nothing")
struct TrainerFailureTests {
  private static let window = TestNetwork.windows(count: 1)[0]

  /// Expects an update to be refused and everything, down to the bit, to be as before; then a good one to go through.
  private func expectRefusal(
    _ expected: NetworkError, of trainer: Trainer, window: TrainingWindow = window,
    settings: UpdateSettings = UpdateSettings(learningRate: 0.1)
  ) throws {
    var state = BatchState(zeroFor: trainer.shape, batchSize: window.batchSize)
    state.sequences[0].values[0] = 0.25
    let (bits, step, begin) = (trainer.stateBits, trainer.step, state)
    #expect(throws: expected) { try trainer.update(window, from: &state, settings: settings) }
    #expect(trainer.stateBits == bits)
    #expect(trainer.step == step)
    #expect(state == begin)
    #expect(trainer.gradient.encoder.all.array.allSatisfy { $0 == 0 } || trainer.shape.isTied)
  }

  @Test("for tokens outside the vocabulary, and windows without anything to predict")
  func badWindows() throws {
    let trainer = try TestNetwork.trainer(TestNetwork.shape(.lstm))
    try expectRefusal(
      .tokenOutOfRange(found: 7, vocabularySize: 7), of: trainer, window: TestNetwork.unequalWindow([[1, 7, 2]]))
    try expectRefusal(
      .tokenOutOfRange(found: .max, vocabularySize: 7), of: trainer, window: TestNetwork.unequalWindow([[1, .max]]))
    try expectRefusal(
      .nothingToPredict, of: trainer,
      window: TrainingWindow(batchSize: 1, sequenceLength: 2, inputs: [1, 2], targets: [-1, -1]))
    var state = BatchState(zeroFor: trainer.shape, batchSize: 0)
    #expect(throws: NetworkError.nothingToPredict) {
      try trainer.update(TrainingWindow(sequences: []), from: &state, settings: UpdateSettings(learningRate: 1))
    }
  }

  @Test(
    "for settings out of range",
    arguments: [
      UpdateSettings(learningRate: .nan), UpdateSettings(learningRate: -1), UpdateSettings(learningRate: 1e300),
      UpdateSettings(learningRate: .infinity),
      UpdateSettings(learningRate: 0.1, clipNorm: 0), UpdateSettings(learningRate: 0.1, clipNorm: .nan),
      UpdateSettings(learningRate: 0.1, clipValue: -1), UpdateSettings(learningRate: 0.1, clipValue: .infinity),
    ])
  func badSettings(settings: UpdateSettings) throws {
    let trainer = try TestNetwork.trainer(TestNetwork.shape(.gru))
    var state = BatchState(zeroFor: trainer.shape, batchSize: 3)
    let bits = trainer.stateBits
    #expect(throws: NetworkError.self) { try trainer.update(Self.window, from: &state, settings: settings) }
    #expect(trainer.stateBits == bits)
  }

  @Test(
    "for a loss that is not finite",
    arguments: [Optimizer.sgd(), .sgd(momentum: 0.9), .adamW()])
  func divergence(optimizer: Optimizer) throws {
    let trainer = try TestNetwork.trainer(TestNetwork.shape(.elmanReLU), optimizer: optimizer)
    // Each layer's states grow by 10¹³ a layer and time step, so that logits overflow.
    let layer = trainer.weights.layers[0]
    let original = layer.recurrentWeights.all.array
    layer.recurrentWeights.fill(with: 1e13)
    try expectRefusal(.diverged(.loss), of: trainer)
    layer.recurrentWeights.all.copy(from: original)
    var state = BatchState(zeroFor: trainer.shape, batchSize: 3)
    _ = try trainer.update(Self.window, from: &state, settings: UpdateSettings(learningRate: 0.1))
    #expect(trainer.step == 1)
  }

  @Test(
    "for weights that would leave the range of numbers",
    arguments: [Optimizer.sgd(weightDecay: 1), .sgd(momentum: 0.9, weightDecay: 1), .adamW(weightDecay: 1)])
  func divergingWeights(optimizer: Optimizer) throws {
    let trainer = try TestNetwork.trainer(TestNetwork.shape(.lstm), optimizer: optimizer)
    // Every step multiplies the weights by a million.
    let settings = UpdateSettings(learningRate: 1e6)
    for _ in 0..<2 {
      var state = BatchState(zeroFor: trainer.shape, batchSize: 3)
      _ = try trainer.update(Self.window, from: &state, settings: settings)
    }
    try expectRefusal(.diverged(.weights), of: trainer, settings: settings)
    #expect(trainer.step == 2)
  }

  @Test("for a gradient too large to be squared, unless clipping tames it")
  func hugeGradient() throws {
    let shape = try TestNetwork.shape(.elmanTanh, layers: 1)
    let trainer = try TestNetwork.trainer(shape, optimizer: .adamW())
    let loud = Float(1e25)
    // The gradient of the top hidden state is a sum of decoder rows.
    trainer.weights.decoder.weights.row(3).fill(with: loud)
    trainer.weights.decoder.weights.row(4).fill(with: -loud)
    var state = BatchState(zeroFor: shape, batchSize: 3)
    let bits = trainer.stateBits
    #expect(throws: NetworkError.self) {
      try trainer.update(Self.window, from: &state, settings: UpdateSettings(learningRate: 0.1))
    }
    #expect(trainer.stateBits == bits)
  }

  @Test("and a learning rate far too large, but not for numbers, is let through")
  func largeButFinite() throws {
    let trainer = try TestNetwork.trainer(TestNetwork.shape(.lstm), optimizer: .sgd())
    var state = BatchState(zeroFor: trainer.shape, batchSize: 3)
    let result = try trainer.update(Self.window, from: &state, settings: UpdateSettings(learningRate: 1e6))
    #expect(result.loss.isFinite)
    #expect(trainer.weightTensors.flatMap(\.values.array).allSatisfy { $0.isFinite })
  }

  @Test("even where the bound cannot tell before, because it has grown too cautious")
  func cautiousBound() throws {
    let careful = try TestNetwork.trainer(TestNetwork.shape(.gru), optimizer: .adamW())
    let plain = try TestNetwork.trainer(TestNetwork.shape(.gru), optimizer: .adamW())
    careful.bound.weights = 2e18
    for trainer in [careful, plain] {
      var state = BatchState(zeroFor: trainer.shape, batchSize: 3)
      _ = try trainer.update(Self.window, from: &state, settings: UpdateSettings(learningRate: 0.1))
    }
    #expect(careful.stateBits == plain.stateBits)
    #expect(careful.bound.weights < 100)
  }

  @Test(
    "and the bound never lies below a weight",
    arguments: [Optimizer.sgd(), .sgd(momentum: 0.9, weightDecay: 0.01), .adamW()])
  func boundHolds(optimizer: Optimizer) throws {
    let trainer = try TestNetwork.trainer(TestNetwork.shape(.lstm), optimizer: optimizer)
    trainer.bound = MagnitudeBound(weights: 0.5, moments: 0)
    var state = BatchState(zeroFor: trainer.shape, batchSize: 3)
    for window in TestNetwork.windows(count: 10) {
      _ = try trainer.update(window, from: &state, settings: UpdateSettings(learningRate: 0.5))
      let greatest = trainer.weightTensors.flatMap(\.values.array).map(abs).max() ?? 0
      #expect(Double(greatest) <= trainer.bound.weights)
    }
  }

  @Test("and several updates are taken back bit for bit, with the words that came with them")
  func checkpoints() throws {
    for optimizer in [Optimizer.sgd(), .sgd(momentum: 0.9), .adamW()] {
      let trainer = try TestNetwork.trainer(TestNetwork.shape(.lstm, output: .tied), optimizer: optimizer)
      var state = BatchState(zeroFor: trainer.shape, batchSize: 3)
      let windows = TestNetwork.windows(count: 3)
      _ = try trainer.update(windows[0], from: &state, settings: UpdateSettings(learningRate: 0.1))
      let (bits, shape, begin) = (trainer.stateBits, trainer.shape, state)
      let checkpoint = trainer.checkpoint()
      var results: [[UpdateResult]] = []
      for _ in 0..<2 {
        state = begin
        var run: [UpdateResult] = []
        for window in windows[1...] {
          try trainer.grow(toVocabulary: trainer.shape.vocabularySize + 200)
          run.append(try trainer.update(window, from: &state, settings: UpdateSettings(learningRate: 0.1)))
        }
        results.append(run)
        #expect(trainer.stateBits != bits)
        trainer.restore(checkpoint)
        #expect(trainer.stateBits == bits)
        #expect(trainer.shape == shape)
        #expect(trainer.step == 1)
      }
      #expect(results[0] == results[1])
    }
  }
}
