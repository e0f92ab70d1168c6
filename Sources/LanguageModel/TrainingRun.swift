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
  /// How many noise words an update predicts among, beside those to predict; all words when left out.
  package var sampledSoftmax: Int?

  package init() {}

  package static let noiseCounts = 1...(1 << 20)
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
/// its beginning, or since the last `keep`, is taken back; `discard` does the same for one that is cancelled. Of a run
/// that was resumed only its owner knows what was before, until the next `keep`.
package final class TrainingRun {
  private let teacher: ModelTeacher
  private let corpus: ModelCorpus
  private let windowCount: Int
  private let sampledSoftmax: SampledSoftmax?
  private var before: (trainer: TrainerCheckpoint, vocabulary: Tokenizer)?

  /// Where it stands: all that going on elsewhere takes, beside the model.
  package private(set) var state: TrainingRunState
  private var isDiscarded = false
  private var validationTask: ScoreTask?
  private var validationReport: ScoreReport?
  private lazy var reader = ModelReader(memory: ReadingMemory(byteLimit: 0), team: teacher.team)

  private static let validationSlice = 4096
  private static let recentCount = 100

  /// Prepares to teach `texts`; their words join an open vocabulary.
  ///
  /// - Parameters:
  ///   - texts: UTF-8, in the order in which they are learned.
  ///   - validation: scored after the last update.
  ///   - memoryByteLimit: how much memory the model may take with the words that join.
  /// - Throws: `notText`, `noTokens`, `invalidSetting`, `limitExceeded`, `tooLargeForMemory`; then nothing has changed.
  package convenience init(
    _ teacher: ModelTeacher, texts: [[UInt8]], validation: [UInt8]? = nil,
    settings: TrainingSettings = TrainingSettings(), memoryByteLimit: Int = .max
  ) throws(LanguageModelError) {
    let bptt = try Self.check(settings, configuration: teacher.configuration)
    for (index, text) in (texts + (validation.map { [$0] } ?? [])).enumerated() {
      try ModelCorpus.check(text, source: index)
    }
    var learned = teacher.tokenizer
    var encoded: [[TokenID]] = []
    for text in texts {
      encoded.append(learned.learn(text.span).ids)
      try teacher.configuration.checkMemory(ofVocabulary: learned.vocabularySize, limit: memoryByteLimit)
    }
    let tokens = ModelCorpus.join(encoded, endOfSequence: learned.endOfSequence)
    guard tokens.count > 1 else { throw .noTokens }
    let validationTokens = validation.map { learned.encode($0.span).ids } ?? []
    if validation != nil, validationTokens.isEmpty { throw .noTokens }
    let streamCount = ModelCorpus(tokens, batchSize: settings.batchSize, bptt: bptt).streamCount
    let state = TrainingRunState(
      epochs: settings.epochs, batchSize: settings.batchSize, bptt: bptt,
      peakRate: settings.learningRate ?? Self.defaultRate(teacher.configuration, streamCount: streamCount),
      sampledSoftmax: settings.sampledSoftmax, tokens: tokens, validation: validationTokens,
      validationByteCount: validation?.count ?? 0,
      hiddenStates: BatchState(zeroFor: teacher.trainer.shape, batchSize: streamCount))
    self.init(teacher, resuming: state)
    keep()
    try teacher.grow(to: learned)
    teacher.commit(learned)
  }

  /// Goes on with a run where its state says, in a model that is as it was then.
  package init(_ teacher: ModelTeacher, resuming state: TrainingRunState) {
    corpus = ModelCorpus(state.tokens, batchSize: state.batchSize, bptt: state.bptt)
    windowCount = corpus.windowCount(bptt: state.bptt)
    let counts = state.sampledSoftmax == nil ? [] : corpus.counts
    sampledSoftmax = state.sampledSoftmax.map { SampledSoftmax(noiseCount: $0, counts: counts) }
    self.teacher = teacher
    self.state = state
  }

  /// - Returns: how long a window is.
  private static func check(
    _ settings: TrainingSettings, configuration: ModelConfiguration
  ) throws(LanguageModelError) -> Int {
    try ModelConfiguration.check(settings.epochs, in: TrainingSettings.epochCounts, name: "epochs")
    try ModelConfiguration.check(settings.batchSize, in: TrainingSettings.batchSizes, name: "batchSize")
    let bptt = settings.bptt ?? configuration.bptt
    try ModelConfiguration.check(bptt, in: ModelConfiguration.bpttLengths, name: "bptt")
    guard bptt * settings.batchSize <= Lesson.updateTokenLimit else {
      throw .limitExceeded(
        what: "tokens in one update", found: bptt * settings.batchSize, limit: Lesson.updateTokenLimit)
    }
    if let count = settings.sampledSoftmax {
      try ModelConfiguration.check(count, in: TrainingSettings.noiseCounts, name: "sampledSoftmax")
    }
    if let rate = settings.learningRate { try ModelTeacher.checkPositive(rate, name: "learningRate") }
    return bptt
  }

  /// Does one update, or a slice of the validation.
  ///
  /// - Returns: where the run stands, or nil when it was over already.
  /// - Throws: `diverged`; then the run is over, and everything since its beginning is taken back, if `knowsBefore`.
  package func next() throws(LanguageModelError) -> TrainingProgress? {
    if isDiscarded { return nil }
    if state.update < updateCount {
      do { try doUpdate() } catch {
        discard()
        throw error
      }
      return progress(.training)
    }
    guard !state.validation.isEmpty, validationReport == nil else { return nil }
    var task: ScoreTask
    if let validationTask {
      task = validationTask
    } else {
      task = try ScoreTask(
        tokens: state.validation, byteCount: state.validationByteCount, in: teacher.snapshot())
    }
    validationReport = try task.advance(by: Self.validationSlice, with: reader)
    validationTask = task
    return progress(.validating)
  }

  /// How many updates were done.
  package var update: Int { state.update }

  /// Whether it can take back what it has taught.
  package var knowsBefore: Bool { before != nil }

  /// Takes back everything since the run's beginning, the words that joined included, if `knowsBefore`, and ends it.
  package func discard() {
    if let before {
      teacher.trainer.restore(before.trainer)
      teacher.commit(before.vocabulary)
    }
    isDiscarded = true
    validationReport = nil
  }

  /// Makes what was learned so far, by the run and by lessons in between, stay whatever becomes of the rest.
  package func keep() {
    before = (teacher.trainer.checkpoint(), teacher.tokenizer)
  }

  /// What came of it, so far as it went.
  package var summary: TrainingSummary {
    TrainingSummary(
      step: teacher.step, tokens: state.learnedTokenCount, seconds: Double(state.nanoseconds) / 1e9,
      loss: state.epochLoss.mean, validationPerplexity: validationReport?.perplexity)
  }

  private static func defaultRate(_ configuration: ModelConfiguration, streamCount: Int) -> Double {
    switch configuration.optimizer {
    case .sgd: configuration.learningRate * Double(streamCount).squareRoot()
    case .adamW: configuration.learningRate
    }
  }

  /// How many updates there are.
  package var updateCount: Int { state.epochs * windowCount }

  private func doUpdate() throws(LanguageModelError) {
    let start = MonotonicClock.nanoseconds
    if state.update % windowCount == 0 {
      state.hiddenStates = BatchState(zeroFor: teacher.trainer.shape, batchSize: corpus.streamCount)
      state.epochLoss = LossMean()
    }
    let result: UpdateResult
    do {
      result = try teacher.trainer.update(
        corpus.window(state.update % windowCount, bptt: state.bptt), from: &state.hiddenStates,
        settings: UpdateSettings(
          learningRate: learningRate, clipNorm: teacher.configuration.clipNorm,
          clipValue: teacher.configuration.clipValue, sampledSoftmax: sampledSoftmax))
    } catch { throw LanguageModelError(error) }
    teacher.noteChange()
    state.update += 1
    state.learnedTokenCount += result.tokenCount
    state.epochLoss.add(result.loss, count: result.tokenCount)
    if state.recentLosses.count == Self.recentCount { state.recentLosses.removeFirst() }
    state.recentLosses.append(result.loss)
    state.nanoseconds += MonotonicClock.nanoseconds - start
  }

  /// The rate of the next update.
  private var learningRate: Double {
    state.peakRate * Double(updateCount - state.update) / Double(updateCount)
  }

  private func progress(_ phase: TrainingProgress.Phase) -> TrainingProgress {
    TrainingProgress(
      phase: phase, epoch: max(0, state.update - 1) / windowCount + 1, epochCount: state.epochs,
      update: state.update, updateCount: updateCount,
      tokens: phase == .training ? state.learnedTokenCount : validationTask?.doneCount ?? 0,
      tokenCount: phase == .training ? corpus.targetCount * state.epochs : state.validation.count,
      loss: state.recentLosses.reduce(0, +) / Double(max(1, state.recentLosses.count)), learningRate: learningRate,
      seconds: Double(state.nanoseconds) / 1e9)
  }
}
