import Networks
import Tokenizers

extension ModelTeacher {
  /// Teaches one lesson: one update for each window of `bptt` tokens, hidden states carried from window to window.
  ///
  /// Every sequence is predicted token by token from `<eos>`, or from where the lesson carried over ended. Sequences of a
  /// batch that end earlier rest while the others go on; those without a token are left out.
  ///
  /// - Parameter isCancelled: asked before every update.
  /// - Throws: `noTokens`, `tokenOutOfRange`, `invalidSetting`, `limitExceeded`, `diverged`, `cancelled`. Then weights,
  ///   optimizer, vocabulary and step are as before, to the bit.
  package func teach(
    _ lesson: Lesson, isCancelled: () -> Bool = { false }
  ) throws(LanguageModelError) -> LessonReport {
    try teach(try prepare(lesson), isCancelled: isCancelled)
  }

  /// Checks a lesson and gets it ready, without changing anything: what can be wrong with it is found out here, but for
  /// its diverging and its words being too many.
  ///
  /// - Throws: `noTokens`, `tokenOutOfRange`, `invalidSetting`, `limitExceeded`.
  package func prepare(_ lesson: Lesson) throws(LanguageModelError) -> PreparedLesson {
    let settings = try updateSettings(lesson)
    var learned = tokenizer
    let plan = try LessonPlan(
      lesson, bptt: lesson.bptt ?? configuration.bptt, tokenizer: &learned, shape: trainer.shape)
    return PreparedLesson(plan: plan, settings: settings, tokenizer: learned)
  }

  /// Teaches a lesson that was got ready since the last change.
  ///
  /// - Throws: `limitExceeded`, `diverged`, `cancelled`; then everything is as before, to the bit.
  package func teach(
    _ lesson: PreparedLesson, isCancelled: () -> Bool = { false }
  ) throws(LanguageModelError) -> LessonReport {
    let newWordCount = lesson.tokenizer.vocabularySize - tokenizer.vocabularySize
    // One update takes itself back when it fails; only several need to be remembered against.
    let before = lesson.plan.windowCount > 1 ? trainer.checkpoint() : nil
    do {
      try grow(to: lesson.tokenizer)
      let report = try run(
        lesson.plan, settings: lesson.settings, newWordCount: newWordCount, isCancelled: isCancelled)
      commit(lesson.tokenizer)
      return report
    } catch {
      if let before { trainer.restore(before) }
      shrinkToVocabulary()
      throw error
    }
  }

  private func run(
    _ plan: LessonPlan, settings: UpdateSettings, newWordCount: Int, isCancelled: () -> Bool
  ) throws(LanguageModelError) -> LessonReport {
    var states = plan.states
    var totalLoss = 0.0
    var tokenCount = 0
    var gradientNorm = 0.0
    var isClipped = false
    for index in 0..<plan.windowCount {
      if isCancelled() { throw .cancelled }
      let result: UpdateResult
      do { result = try trainer.update(plan.window(index), from: &states, settings: settings) } catch {
        throw LanguageModelError(error)
      }
      totalLoss += result.loss * Double(result.tokenCount)
      tokenCount += result.tokenCount
      gradientNorm = max(gradientNorm, result.gradientNorm)
      isClipped = isClipped || result.clipped
    }
    return LessonReport(
      loss: totalLoss / Double(tokenCount), tokenCount: tokenCount, updateCount: plan.windowCount,
      gradientNorm: gradientNorm, isClipped: isClipped, step: trainer.step, newWordCount: newWordCount,
      carry: CarryState(states: states, lastTokens: plan.lastTokens))
  }

  private func updateSettings(_ lesson: Lesson) throws(LanguageModelError) -> UpdateSettings {
    for (name, value) in [
      ("learningRate", lesson.learningRate), ("clipNorm", lesson.clipNorm), ("clipValue", lesson.clipValue),
    ] {
      if let value { try Self.checkPositive(value, name: name) }
    }
    if let bptt = lesson.bptt { try ModelConfiguration.check(bptt, in: ModelConfiguration.bpttLengths, name: "bptt") }
    return UpdateSettings(
      learningRate: lesson.learningRate ?? configuration.learningRate,
      clipNorm: lesson.clipNorm ?? configuration.clipNorm, clipValue: lesson.clipValue ?? configuration.clipValue)
  }

  static func checkPositive(_ value: Double, name: String) throws(LanguageModelError) {
    guard value > 0, value.isFinite else {
      throw .invalidSetting(name: name, found: "\(value)", expected: "a number above 0")
    }
  }
}

/// A lesson that can be taught: its tokens, and the vocabulary with its new words.
package struct PreparedLesson {
  fileprivate let plan: LessonPlan
  fileprivate let settings: UpdateSettings
  fileprivate let tokenizer: Tokenizer

  /// How many tokens the model knows once the lesson is taught.
  package var vocabularySize: Int { tokenizer.vocabularySize }
}

/// A lesson as the windows that it is taught in.
private struct LessonPlan {
  /// For each sequence, the token before the first and then all of it.
  private let sequences: [[TokenID]]
  private let bptt: Int
  let states: BatchState
  let windowCount: Int

  init(
    _ lesson: Lesson, bptt: Int, tokenizer: inout Tokenizer, shape: NetworkShape
  ) throws(LanguageModelError) {
    guard lesson.sequences.count <= Lesson.sequenceLimit else {
      throw .limitExceeded(what: "texts", found: lesson.sequences.count, limit: Lesson.sequenceLimit)
    }
    var sequences: [[TokenID]] = []
    for input in lesson.sequences {
      let tokens = try tokenizer.learnTokens(of: input)
      if !tokens.isEmpty { sequences.append(tokens) }
    }
    let longest = sequences.map(\.count).max() ?? 0
    guard longest > 0 else { throw .noTokens }
    let updateTokenCount = sequences.count * min(bptt, longest)
    guard updateTokenCount <= Lesson.updateTokenLimit else {
      throw .limitExceeded(what: "tokens in one update", found: updateTokenCount, limit: Lesson.updateTokenLimit)
    }
    let zero = BatchState(zeroFor: shape, batchSize: sequences.count)
    states = lesson.carry?.states ?? zero
    let first = lesson.carry?.lastTokens ?? sequences.map { _ in tokenizer.endOfSequence }
    guard first.count == sequences.count,
      states.sequences.allSatisfy({ $0.values.count == zero.sequences[0].values.count })
    else {
      throw .invalidSetting(
        name: "carry", found: "\(sequences.count) sequences after \(first.count)", expected: "as many as before")
    }
    self.sequences = zip(first, sequences).map { [$0] + $1 }
    self.bptt = bptt
    windowCount = (longest + bptt - 1) / bptt
  }

  /// The last token of every sequence: the one that has been predicted but not read.
  var lastTokens: [TokenID] { sequences.compactMap(\.last) }

  func window(_ index: Int) -> TrainingWindow {
    TrainingWindow(
      sequences: sequences.map { tokens in
        let start = min(index * bptt, tokens.count - 1)
        let end = min(start + bptt, tokens.count - 1)
        return (tokens[start..<end], tokens[start + 1..<end + 1])
      })
  }
}
