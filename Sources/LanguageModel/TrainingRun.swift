import Networks
import System
import Tokenizers

/// How `train` goes over its texts; what is left out takes the default given here.
package struct TrainingSettings: Equatable, Sendable {
  package var epochs = 1
  /// How many stretches of the text are learned from side by side; fewer of a text too short to fill a window of each.
  package var batchSize = 20
  /// As the model's configuration says when left out.
  package var bptt: Int?
  /// The rate of the first update, from which it falls in a straight line to zero after the last. When left out, the
  /// model's learning rate, for SGD times the square root of the number of stretches: a mean over more of them may be
  /// followed further, while AdamW's steps have the same length however many are averaged.
  package var learningRate: Double?

  package init() {}

  package static let epochCounts = 1...10_000
  package static let batchSizes = 1...1024
}

/// Where a training run stands.
package struct TrainingProgress: Equatable, Sendable {
  package enum Phase: String, Sendable { case training, validating }

  package let phase: Phase
  /// From 1.
  package let epoch: Int
  package let epochCount: Int
  /// How many updates are done, of how many.
  package let update: Int
  package let updateCount: Int
  /// How many tokens were learned from, of how many; in the validating phase, were predicted.
  package let tokens: Int
  package let tokenCount: Int
  /// Mean nats a token over the last hundred updates.
  package let loss: Double
  package let learningRate: Double
  package let seconds: Double

  package var perplexity: Double { loss.exponential }
}

/// What a training run came to.
package struct TrainingSummary: Equatable, Sendable {
  package let step: Int
  package let tokens: Int
  /// Spent on updates, validation left out.
  package let seconds: Double
  /// Mean nats a token over the last epoch.
  package let loss: Double
  package let validationPerplexity: Double?

  package var tokensPerSecond: Double { seconds > 0 ? Double(tokens) / seconds : 0 }
  package var perplexity: Double { loss.exponential }
}

/// Teaches a model whole texts, one update a call, so that other work comes through between them.
///
/// The teacher may publish and teach lessons between two calls. A run that fails has changed nothing: everything since
/// its beginning, or since the last `keep`, is taken back; `discard` does the same for one that is cancelled.
package final class TrainingRun {
  private let teacher: ModelTeacher
  private let settings: TrainingSettings
  private let corpus: ModelCorpus
  private let validation: [TokenID]
  private let validationByteCount: Int
  private var before: TrainerCheckpoint
  private var vocabularyBefore: Tokenizer
  private let bptt: Int
  private let peakRate: Double
  private let windowCount: Int

  private var isDiscarded = false
  private var states: BatchState
  private var update = 0
  private var tokens = 0
  private var epochLoss = LossMean()
  private var recentLosses: [Double] = []
  private var nanoseconds: UInt64 = 0
  private var validationTask: ScoreTask?
  private var validationReport: ScoreReport?
  private lazy var reader = ModelReader(cacheByteLimit: 0, team: teacher.team)

  private static let validationSlice = 4096
  private static let recentCount = 100

  /// Prepares to teach `texts`; their words join an open vocabulary.
  ///
  /// - Parameters:
  ///   - texts: UTF-8, in the order in which they are learned.
  ///   - validation: scored after the last update.
  /// - Throws: `notText`, `noTokens`, `invalidSetting`, `limitExceeded`; then nothing has changed.
  package init(
    _ teacher: ModelTeacher, texts: [[UInt8]], validation: [UInt8]? = nil,
    settings: TrainingSettings = TrainingSettings()
  ) throws(LanguageModelError) {
    try ModelConfiguration.check(settings.epochs, in: TrainingSettings.epochCounts, name: "epochs")
    try ModelConfiguration.check(settings.batchSize, in: TrainingSettings.batchSizes, name: "batchSize")
    bptt = settings.bptt ?? teacher.configuration.bptt
    try ModelConfiguration.check(bptt, in: ModelConfiguration.bpttLengths, name: "bptt")
    guard bptt * settings.batchSize <= Lesson.updateTokenLimit else {
      throw .limitExceeded(
        what: "tokens in one update", found: bptt * settings.batchSize, limit: Lesson.updateTokenLimit)
    }
    if let rate = settings.learningRate { try ModelTeacher.checkPositive(rate, name: "learningRate") }
    for (index, text) in (texts + (validation.map { [$0] } ?? [])).enumerated() {
      try ModelCorpus.check(text, source: index)
    }
    var learned = teacher.tokenizer
    var encoded: [[TokenID]] = []
    for text in texts { encoded.append(learned.learn(text.span).ids) }
    let tokens = ModelCorpus.join(encoded, endOfSequence: learned.endOfSequence)
    guard tokens.count > 1 else { throw .noTokens }
    self.validation = validation.map { learned.encode($0.span).ids } ?? []
    if validation != nil, self.validation.isEmpty { throw .noTokens }
    validationByteCount = validation?.count ?? 0
    corpus = ModelCorpus(tokens, batchSize: settings.batchSize, bptt: bptt)
    windowCount = corpus.windowCount(bptt: bptt)
    peakRate = settings.learningRate ?? Self.defaultRate(teacher.configuration, streamCount: corpus.streamCount)
    before = teacher.trainer.checkpoint()
    vocabularyBefore = teacher.tokenizer
    states = BatchState(zeroFor: teacher.trainer.shape, batchSize: corpus.streamCount)
    self.teacher = teacher
    self.settings = settings
    try teacher.grow(to: learned)
    teacher.commit(learned)
  }

  /// Does one update, or a slice of the validation.
  ///
  /// - Returns: where the run stands, or nil when it was over already.
  /// - Throws: `diverged`; then everything since the run's beginning is taken back, and the run is over.
  package func next() throws(LanguageModelError) -> TrainingProgress? {
    if isDiscarded { return nil }
    if update < updateCount {
      do { try doUpdate() } catch {
        discard()
        throw error
      }
      return progress(.training)
    }
    guard !validation.isEmpty, validationReport == nil else { return nil }
    var task: ScoreTask
    if let validationTask {
      task = validationTask
    } else {
      task = try ScoreTask(tokens: validation, byteCount: validationByteCount, in: teacher.snapshot())
    }
    validationReport = try task.advance(by: Self.validationSlice, with: reader)
    validationTask = task
    return progress(.validating)
  }

  /// Takes back everything since the run's beginning, the words that joined included, and ends it.
  package func discard() {
    teacher.trainer.restore(before)
    teacher.commit(vocabularyBefore)
    isDiscarded = true
    validationReport = nil
  }

  /// Makes what was learned so far, by the run and by lessons in between, stay whatever becomes of the rest.
  package func keep() {
    before = teacher.trainer.checkpoint()
    vocabularyBefore = teacher.tokenizer
  }

  /// What came of it, so far as it went.
  package var summary: TrainingSummary {
    TrainingSummary(
      step: teacher.step, tokens: tokens, seconds: Double(nanoseconds) / 1e9, loss: epochLoss.mean,
      validationPerplexity: validationReport?.perplexity)
  }

  private static func defaultRate(_ configuration: ModelConfiguration, streamCount: Int) -> Double {
    switch configuration.optimizer {
    case .sgd: configuration.learningRate * Double(streamCount).squareRoot()
    case .adamW: configuration.learningRate
    }
  }

  private var updateCount: Int { settings.epochs * windowCount }

  private func doUpdate() throws(LanguageModelError) {
    let start = MonotonicClock.nanoseconds
    if update % windowCount == 0 {
      states = BatchState(zeroFor: teacher.trainer.shape, batchSize: corpus.streamCount)
      epochLoss = LossMean()
    }
    let result: UpdateResult
    do {
      result = try teacher.trainer.update(
        corpus.window(update % windowCount, bptt: bptt), from: &states,
        settings: UpdateSettings(
          learningRate: learningRate, clipNorm: teacher.configuration.clipNorm,
          clipValue: teacher.configuration.clipValue))
    } catch { throw LanguageModelError(error) }
    teacher.noteChange()
    update += 1
    tokens += result.tokenCount
    epochLoss.add(result.loss, count: result.tokenCount)
    if recentLosses.count == Self.recentCount { recentLosses.removeFirst() }
    recentLosses.append(result.loss)
    nanoseconds += MonotonicClock.nanoseconds - start
  }

  /// The rate of the next update.
  private var learningRate: Double { peakRate * Double(updateCount - update) / Double(updateCount) }

  private func progress(_ phase: TrainingProgress.Phase) -> TrainingProgress {
    TrainingProgress(
      phase: phase, epoch: max(0, update - 1) / windowCount + 1, epochCount: settings.epochs, update: update,
      updateCount: updateCount, tokens: phase == .training ? tokens : validationTask?.doneCount ?? 0,
      tokenCount: phase == .training ? corpus.targetCount * settings.epochs : validation.count,
      loss: recentLosses.reduce(0, +) / Double(max(1, recentLosses.count)), learningRate: learningRate,
      seconds: Double(nanoseconds) / 1e9)
  }
}

/// A mean of losses, each weighing as much as the tokens that it stands for.
private struct LossMean {
  private var sum = 0.0
  private var count = 0

  mutating func add(_ loss: Double, count: Int) {
    sum += loss * Double(count)
    self.count += count
  }

  var mean: Double { count > 0 ? sum / Double(count) : 0 }
}
