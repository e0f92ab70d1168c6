import JSON
import Networks
import Testing
import Tokenizers

@testable import LanguageModel

@Suite("A training run")
struct TrainingRunTests {
  private func settings(
    epochs: Int = 1, batchSize: Int = 3, bptt: Int = 4, sampledSoftmax: Int? = nil
  ) -> TrainingSettings {
    var settings = TrainingSettings()
    settings.sampledSoftmax = sampledSoftmax
    settings.epochs = epochs
    settings.batchSize = batchSize
    settings.bptt = bptt
    return settings
  }

  @Test(
    "predicts every token of the text once an epoch, from the one before it",
    arguments: [(2, 1), (3, 2), (10, 3), (11, 3), (12, 5), (5, 20), (100, 7)])
  func covers(_ count: Int, _ batchSize: Int) {
    let tokens = (0..<count).map { TokenID($0) }
    let corpus = ModelCorpus(tokens, batchSize: batchSize, bptt: 4)
    #expect(corpus.streamCount <= batchSize)
    #expect(corpus.streamCount == 1 || corpus.streamLength >= 4, "streams too short to fill a window")
    var targets: [TokenID] = []
    for index in 0..<corpus.windowCount(bptt: 4) {
      let window = corpus.window(index, bptt: 4)
      #expect(window.batchSize == corpus.streamCount)
      for (input, target) in zip(window.inputs, window.targets) where target >= 0 {
        #expect(target == input + 1)
        targets.append(target)
      }
    }
    #expect(targets.sorted() == Array(tokens.dropFirst()))
  }

  @Test("sets texts apart by the end of a sequence, once")
  func joins() {
    #expect(ModelCorpus.join([[5, 1], [6], [], [7]], endOfSequence: 1) == [1, 5, 1, 6, 1, 7])
  }

  @Test("is refused before it begins when its words would take more memory than there is")
  func memory() throws {
    let teacher = try ModelTeacher.tiny()
    let before = teacher.everything
    let limit = teacher.configuration.memoryByteCount()
    let words = Array("\(sampleText) some words that nobody has ever heard of".utf8)
    let error = #expect(throws: LanguageModelError.self) {
      try TrainingRun(teacher, texts: [words], settings: settings(), memoryByteLimit: limit)
    }
    guard case .tooLargeForMemory(let found, limit, let wordCount?) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(found > limit && wordCount > teacher.tokenizer.vocabularySize)
    #expect(teacher.everything == before)
    _ = try TrainingRun(teacher, texts: [Array(sampleText.utf8)], settings: settings(), memoryByteLimit: limit)
  }

  @Test("learns, reports every update, and validates what it learned")
  func learns() throws {
    let teacher = try ModelTeacher.tiny()
    let before = try answer(ScoreTask(.text(sampleText), in: teacher.snapshot())).perplexity
    let run = try TrainingRun(
      teacher, texts: [Array(sampleText.utf8)], validation: Array(sampleText.utf8), settings: settings(epochs: 20))
    var seen: [TrainingProgress] = []
    while let progress = try run.next() { seen.append(progress) }
    let updates = seen.filter { $0.phase == .training }
    #expect(updates.map(\.update) == Array(1...updates.count) && updates.last?.updateCount == updates.count)
    #expect(updates.first?.epoch == 1 && updates.last?.epoch == 20)
    #expect(updates.last?.tokens == updates.last?.tokenCount)
    #expect(zip(updates, updates.dropFirst()).allSatisfy { $0.learningRate > $1.learningRate })
    #expect(updates.last?.learningRate == 0)
    #expect(seen.last?.phase == .validating)
    let summary = run.summary
    #expect(summary.step == updates.count && summary.tokens == updates.last?.tokens)
    #expect(try #require(summary.validationPerplexity) < before / 2)
    #expect(try run.next() == nil)
    let score = try answer(ScoreTask(.text(sampleText), in: teacher.snapshot()))
    #expect(abs(score.perplexity - (summary.validationPerplexity ?? 0)) < 1e-3)
  }

  @Test("is the same to the bit every time, and carries its hidden state along")
  func deterministic() throws {
    let (a, b, c) = (try ModelTeacher.tiny(), try ModelTeacher.tiny(), try ModelTeacher.tiny())
    for teacher in [a, b] {
      let run = try TrainingRun(
        teacher, texts: [Array(sampleText.utf8)], settings: settings(epochs: 2, batchSize: 1, bptt: 6))
      while try run.next() != nil {}
    }
    #expect(a.everything == b.everything)
    // A lesson in windows is an epoch at batch size 1, but for the falling rate.
    var constant = settings(epochs: 1, batchSize: 1, bptt: 100)
    constant.learningRate = 0.5
    let run = try TrainingRun(b, texts: [Array(sampleText.utf8)], settings: constant)
    while try run.next() != nil {}
    var lesson = Lesson([.text(sampleText)])
    (lesson.bptt, lesson.learningRate) = (100, 0.5)
    _ = try a.teach(lesson)
    #expect(a.everything == b.everything)
    #expect(c.everything != a.everything)
  }

  @Test("adds the texts' words to an open vocabulary, and takes everything back when discarded")
  func discards() throws {
    let teacher = try ModelTeacher(.tiny(optimizer: .adamw))
    _ = try teacher.teach(Lesson([.text("a lesson before")]))
    let before = teacher.everything
    let run = try TrainingRun(teacher, texts: [Array(sampleText.utf8)], settings: settings())
    #expect(teacher.tokenizer.vocabularySize > 20)
    _ = try run.next()
    _ = try run.next()
    #expect(teacher.everything != before)
    run.discard()
    #expect(teacher.everything == before && teacher.tokenizer.vocabularySize == 5)
    #expect(try run.next() == nil)
    _ = try teacher.teach(Lesson([.text("goes on")]))
  }

  @Test("when discarded goes back no further than to what was kept")
  func keeps() throws {
    let teacher = try ModelTeacher(.tiny(optimizer: .adamw))
    let run = try TrainingRun(teacher, texts: [Array(sampleText.utf8)], settings: settings())
    _ = try run.next()
    _ = try teacher.teach(Lesson([.text("a lesson in between")]))
    run.keep()
    let kept = teacher.everything
    _ = try run.next()
    #expect(teacher.everything != kept)
    run.discard()
    #expect(teacher.everything == kept)
    #expect(run.summary.validationPerplexity == nil)
  }

  @Test("begins with the model's rate, for SGD times the root of the batch size", arguments: [1, 4, 9])
  func defaultRates(_ batchSize: Int) throws {
    let text = Array(repeating: sampleText, count: 9).joined(separator: " ")
    for (optimizer, factor) in [(CreateSettings.OptimizerName.sgd, Double(batchSize).squareRoot()), (.adamw, 1)] {
      let teacher = try ModelTeacher.tiny(optimizer: optimizer)
      let run = try TrainingRun(
        teacher, texts: [Array(text.utf8)], settings: settings(epochs: 2, batchSize: batchSize))
      let first = try #require(try run.next())
      let peak = first.learningRate * Double(first.updateCount) / Double(first.updateCount - 1)
      #expect(abs(peak / (teacher.configuration.learningRate * factor) - 1) < 1e-9)
    }
  }

  @Test("that diverges takes everything back")
  func diverges() throws {
    let teacher = try ModelTeacher.tiny(cell: .elmanReLU)
    let before = teacher.everything
    var bad = settings(epochs: 50)
    bad.learningRate = 1e6
    let run = try TrainingRun(teacher, texts: [Array(sampleText.utf8)], settings: bad)
    #expect(try run.next() != nil)
    let error = #expect(throws: LanguageModelError.self) { while try run.next() != nil {} }
    guard case .diverged = error else {
      Issue.record("unexpected \(String(describing: error))")
      return
    }
    #expect(teacher.everything == before)
    #expect(try run.next() == nil)
  }

  @Test(
    "goes on elsewhere, from a state that was kept, to the bits of one that was never stopped",
    arguments: [CellKind.lstm, .gru, .elmanTanh], [0, 1, 7, 20])
  func resumes(_ cell: CellKind, _ stop: Int) throws {
    var create = CreateSettings.tiny(cell: cell, optimizer: .adamw)
    create.dropout = 0.3
    let settings = settings(epochs: 5, sampledSoftmax: cell == .gru ? 4 : nil)
    let (text, validation) = (Array(sampleText.utf8), Array("the man bites".utf8))
    let whole = try ModelTeacher(create)
    let undisturbed = try TrainingRun(whole, texts: [text], validation: validation, settings: settings)
    while try undisturbed.next() != nil {}
    let teacher = try ModelTeacher(create)
    let first = try TrainingRun(teacher, texts: [text], validation: validation, settings: settings)
    for _ in 0..<stop { _ = try first.next() }
    let state = try #require(
      TrainingRunState(
        json: try JSONValue.parse(Array(first.state.json.description.utf8)), tokenBytes: first.state.tokenBytes,
        hiddenStateBytes: first.state.hiddenStateBytes, shape: teacher.trainer.shape))
    #expect(state == first.state)
    let elsewhere = try ModelTeacher(teacher.image())
    let second = TrainingRun(elsewhere, resuming: state)
    while try second.next() != nil {}
    #expect(elsewhere.everything == whole.everything)
    #expect(second.summary.loss == undisturbed.summary.loss && second.summary.tokens == undisturbed.summary.tokens)
    #expect(second.summary.validationPerplexity == undisturbed.summary.validationPerplexity)
  }

  @Test("is refused for bad settings and for what is no text, and nothing changes")
  func refusals() throws {
    let teacher = try ModelTeacher(.tiny())
    let text = Array(sampleText.utf8)
    for bad in [
      settings(epochs: 0), settings(batchSize: 0), settings(bptt: 0), settings(batchSize: 1024, bptt: 4096),
      settings(sampledSoftmax: 0), settings(sampledSoftmax: .max), settings(epochs: .max), settings(batchSize: .max),
      settings(bptt: .max),
    ] {
      #expect(throws: LanguageModelError.self) { try TrainingRun(teacher, texts: [text], settings: bad) }
    }
    #expect(throws: LanguageModelError.noTokens) { try TrainingRun(teacher, texts: []) }
    #expect(throws: LanguageModelError.noTokens) { try TrainingRun(teacher, texts: [[], [0x20]]) }
    #expect(throws: LanguageModelError.noTokens) { try TrainingRun(teacher, texts: [text], validation: []) }
    #expect(throws: LanguageModelError.notText(source: 1, offset: 0)) {
      try TrainingRun(teacher, texts: [text, [0xFF]])
    }
    #expect(teacher.tokenizer.vocabularySize == 2)
  }
}
