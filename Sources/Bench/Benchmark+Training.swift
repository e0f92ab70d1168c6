import Kernels
import Networks

extension Benchmark {
  /// Whole training steps of the small and the medium configuration, against the peak of all cores.
  func training() throws(BenchmarkError) -> [Figure] {
    let team = ThreadTeam(threadCount: MachinePeak.coreCount)
    var learners = [
      try Learner(name: "small", title: "2x200 LSTM, 10,000 words", size: 200, team: team),
      try Learner(name: "medium", title: "2x650 LSTM, 10,000 words", size: 650, team: team),
    ]
    var peaks = Samples()
    var rates = learners.map { _ in Samples() }
    for _ in 0..<settings.rounds {
      peaks.add(MachinePeak.fusedMultiplyAdd(team: team, seconds: settings.seconds))
      for index in learners.indices { rates[index].add(try learners[index].rate(seconds: settings.seconds)) }
    }
    return zip(learners, rates).map { learner, rate in
      let flops = Samples(rate.values.map { $0 * learner.operationsPerToken / 1e9 })
      return Figure(
        "training.\(learner.name)", learner.title, rate.median, .tokensPerSecond,
        comparison: .init(
          with: Self.peakName(threadCount: team.threadCount), ratio: flops.medianRatio(to: peaks)))
    }
  }
}

/// A network that is trained on tokens drawn at random: the work depends on how many there are, not on which.
private struct Learner {
  let name: String
  let title: String
  private let trainer: Trainer
  private let window: TrainingWindow
  private var state: BatchState

  static let batchSize = 20
  static let sequenceLength = 35
  static let vocabularySize = 10_000

  init(name: String, title: String, size: Int, team: ThreadTeam) throws(BenchmarkError) {
    self.name = name
    self.title = title
    do {
      let shape = try NetworkShape(
        cell: .lstm, vocabularySize: Self.vocabularySize, embeddingSize: size, hiddenSize: size, layerCount: 2,
        isTied: false)
      trainer = try Trainer(shape: shape, optimizer: .sgd(momentum: 0, weightDecay: 0), seed: 1, team: team)
      state = BatchState(zeroFor: shape, batchSize: Self.batchSize)
    } catch {
      throw .refused("\(error)")
    }
    var numbers = SplitMix64(seed: 2)
    let tokens = (0...Self.batchSize * Self.sequenceLength).map { _ in
      TokenID.random(in: 0..<TokenID(Self.vocabularySize), using: &numbers)
    }
    window = TrainingWindow(
      batchSize: Self.batchSize, sequenceLength: Self.sequenceLength, inputs: Array(tokens.dropLast()),
      targets: Array(tokens.dropFirst()))
  }

  /// Six operations a weight and token, the embedding's not counted: two forward, four backward.
  var operationsPerToken: Double { trainer.shape.trainingOperationsPerToken }

  /// In tokens a second, clipping and update included.
  mutating func rate(seconds: Double) throws(BenchmarkError) -> Double {
    let watch = Stopwatch()
    var tokenCount = 0.0
    do {
      repeat {
        let result = try trainer.update(
          window, from: &state, settings: UpdateSettings(learningRate: 0.1, clipNorm: 0.25))
        tokenCount += Double(result.tokenCount)
      } while watch.seconds < seconds
    } catch {
      throw .refused("\(error)")
    }
    return tokenCount / watch.seconds
  }
}
