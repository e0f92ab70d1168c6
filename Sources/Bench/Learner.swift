import Kernels
import Networks

/// A network that is trained on tokens drawn at random: the work depends on how many there are, not on which.
struct Learner {
  private let trainer: Trainer
  private let window: TrainingWindow
  private var state: BatchState

  /// What is trained, and on how much at a time.
  struct Size {
    var hiddenSize = 200
    var vocabularySize = 10_000
    var batchSize = 20
    var sequenceLength = 35
  }

  init(_ size: Size, precision: ProductPrecision, team: ThreadTeam) throws(BenchmarkError) {
    do {
      let shape = try NetworkShape(
        cell: .lstm, vocabularySize: size.vocabularySize, embeddingSize: size.hiddenSize, hiddenSize: size.hiddenSize,
        layerCount: 2, isTied: false)
      trainer = try Trainer(
        shape: shape, optimizer: .sgd(momentum: 0, weightDecay: 0), seed: 1, precision: precision, team: team)
      state = BatchState(zeroFor: shape, batchSize: size.batchSize)
    } catch {
      throw .refused("\(error)")
    }
    var numbers = SplitMix64(seed: 2)
    let tokens = (0...size.batchSize * size.sequenceLength).map { _ in
      TokenID.random(in: 0..<TokenID(size.vocabularySize), using: &numbers)
    }
    window = TrainingWindow(
      batchSize: size.batchSize, sequenceLength: size.sequenceLength, inputs: Array(tokens.dropLast()),
      targets: Array(tokens.dropFirst()))
  }

  /// Six operations a weight and token, the embedding's not counted: two forward, four backward.
  var operationsPerToken: Double { trainer.shape.trainingOperationsPerToken }

  /// In GFLOP/s, clipping and update included.
  mutating func rate(seconds: Double) throws(BenchmarkError) -> Double {
    let watch = Stopwatch()
    var stepCount = 0
    repeat {
      _ = try learn(window, learningRate: 0.1)
      stepCount += 1
    } while watch.seconds < seconds
    return Double(stepCount * window.targetCount) / watch.seconds * operationsPerToken / 1e9
  }

  /// One step; returns its loss, in nats.
  mutating func learn(_ window: TrainingWindow, learningRate: Double) throws(BenchmarkError) -> Double {
    do {
      return try trainer.update(
        window, from: &state, settings: UpdateSettings(learningRate: learningRate, clipNorm: 0.25)
      ).loss
    } catch {
      throw .refused("\(error)")
    }
  }
}
