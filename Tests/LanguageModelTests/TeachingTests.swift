import Networks
import Testing
import Tokenizers

@testable import LanguageModel

@Suite("A lesson")
struct TeachingTests {
  @Test("predicts every token once, in one update a window")
  func windows() throws {
    let teacher = try ModelTeacher.tiny()
    var lesson = Lesson([.text(sampleText)])
    lesson.bptt = 10
    let report = try teacher.teach(lesson)
    #expect(report.tokenCount == teacher.tokenizer.encode(sampleText).count)
    #expect(report.updateCount == (report.tokenCount + 9) / 10 && report.step == report.updateCount)
    #expect(report.loss > 0 && report.gradientNorm > 0 && report.perplexity > 1)
    #expect(teacher.step == report.updateCount && teacher.snapshot().step == teacher.step)
  }

  @Test("has the loss that scoring gives before it")
  func lossBefore() throws {
    let teacher = try ModelTeacher.tiny()
    let score = try answer(ScoreTask(.text("the man bites the dog"), in: teacher.snapshot()))
    let report = try teacher.teach(Lesson([.text("the man bites the dog")]))
    #expect(abs(report.loss * Double(report.tokenCount) + score.logProbability) < 1e-4)
    let batch = ["the man bites", "a bird in the hand", "back"]
    let scores = try batch.map { try answer(ScoreTask(.text($0), in: teacher.snapshot())).logProbability }
    let batched = try teacher.teach(Lesson(batch.map { .text($0) }))
    #expect(batched.tokenCount == 9)
    #expect(abs(batched.loss * 9 + scores.reduce(0, +)) < 1e-4)
  }

  @Test("in ids is the lesson in text")
  func ids() throws {
    let (a, b) = (try ModelTeacher.tiny(), try ModelTeacher.tiny())
    _ = try a.teach(Lesson([.text("the man bites the dog")]))
    _ = try b.teach(Lesson([.ids(a.tokenizer.encode("the man bites the dog").ids.map(Int.init))]))
    #expect(a.everything == b.everything)
  }

  @Test("in bfloat16 stays near single precision, and goes on alike in a copy of the model")
  func bfloat16() throws {
    var settings = CreateSettings()
    settings.hiddenSize = 16
    let single = try ModelTeacher(settings)
    settings.precision = .bfloat16
    let half = try ModelTeacher(settings)
    let batch = Lesson(["the man bites the dog", "a bird in the hand"].map { .text($0) })
    for _ in 0..<4 {
      let (expected, found) = (try single.teach(batch).loss, try half.teach(batch).loss)
      #expect(abs(found - expected) < 0.01 * expected)
    }
    #expect(half.everything != single.everything)
    let copy = try ModelTeacher(half.image())
    #expect(copy.configuration.precision == .bfloat16)
    _ = try copy.teach(batch)
    _ = try half.teach(batch)
    #expect(copy.everything == half.everything)
  }

  @Test("with carry goes on where the last one ended")
  func carry() throws {
    // Without learning, two halves of a text predict what the whole does.
    let teacher = try ModelTeacher.tiny()
    let whole = try answer(ScoreTask(.text("the man bites the dog the dog bites"), in: teacher.snapshot()))
    var first = Lesson([.text("the man bites the")])
    first.learningRate = 1e-30
    let report = try teacher.teach(first)
    var second = Lesson([.text("dog the dog bites")], carry: report.carry)
    second.learningRate = 1e-30
    let rest = try teacher.teach(second)
    #expect(abs(report.loss * 4 + rest.loss * 4 + whole.logProbability) < 1e-4)
    second.carry = nil
    #expect(abs(try teacher.teach(second).loss - rest.loss) > 1e-4)
    let two = Lesson([.text("a"), .text("the")], carry: report.carry)
    #expect(throws: LanguageModelError.self) { try teacher.teach(two) }
    let other = try ModelTeacher(CreateSettings())
    #expect(throws: LanguageModelError.self) { try other.teach(Lesson([.text("a")], carry: report.carry)) }
  }

  @Test("makes new words predictable, in any amount")
  func growth() throws {
    let teacher = try ModelTeacher(.tiny())
    #expect(teacher.tokenizer.vocabularySize == 2)
    let report = try teacher.teach(Lesson([.text("one two three")]))
    #expect(report.newWordCount == 3 && teacher.configuration.shape.vocabularySize == 5)
    let many = (0..<700).map { "word\($0)" }.joined(separator: " ")
    #expect(try teacher.teach(Lesson([.text(many)])).newWordCount == 700)
    let found = try answer(NextWordTask(after: .text("one "), limit: 100, in: teacher.snapshot()))
    #expect(found.words.count == 100)
    let closed = try ModelTeacher.tiny(.whitespace)
    #expect(try closed.teach(Lesson([.text("never seen words")])).newWordCount == 0)
  }

  @Test("is the same whether its vocabulary grew at once or by and by")
  func growthOrder() throws {
    var (a, b) = (CreateSettings.tiny(), CreateSettings.tiny())
    (a.optimizer, b.optimizer) = (.adamw, .adamw)
    let grown = try ModelTeacher(a)
    let made = try ModelTeacher(b, texts: [Array("one two".utf8)])
    _ = try grown.teach(Lesson([.text("one two")]))
    _ = try made.teach(Lesson([.text("one two")]))
    #expect(grown.everything == made.everything)
  }

  /// Lessons that fail, or that are cancelled after some updates.
  static let failures: [(String, Lesson, Int?)] = {
    func lesson(_ text: ModelInput, _ edit: (inout Lesson) -> Void = { _ in }) -> Lesson {
      var lesson = Lesson([text])
      edit(&lesson)
      return lesson
    }
    let long = ModelInput.text(String(repeating: "quite new words come here ", count: 8))
    return [
      ("no token", lesson(.text(" ")), nil),
      ("no texts", Lesson([]), nil),
      ("only empty texts", Lesson([.text(""), .ids([])]), nil),
      ("a token out of range", lesson(.ids([0, 99_999])), nil),
      ("a negative token", lesson(.ids([-1])), nil),
      ("too many texts", Lesson(Array(repeating: .text("a"), count: 257)), nil),
      ("a learning rate of zero", lesson(long) { $0.learningRate = 0 }, nil),
      ("a learning rate that is no number", lesson(long) { $0.learningRate = .nan }, nil),
      ("an infinite learning rate", lesson(long) { $0.learningRate = .infinity }, nil),
      ("a negative clip", lesson(long) { $0.clipNorm = -1 }, nil),
      ("a clip that is no number", lesson(long) { $0.clipValue = .nan }, nil),
      ("a window of nothing", lesson(long) { $0.bptt = 0 }, nil),
      ("a window beyond all", lesson(long) { $0.bptt = .max }, nil),
      ("a rate that leads nowhere", lesson(long) { $0.learningRate = 1e300 }, nil),
      ("a rate that leads nowhere, in windows", lesson(long) { ($0.learningRate, $0.bptt) = (1e38, 7) }, nil),
      ("a cancel at once", lesson(long), 0),
      ("a cancel after two windows", lesson(long) { $0.bptt = 5 }, 2),
    ]
  }()

  @Test(
    "that fails or is cancelled changes nothing, to the bit", arguments: failures.indices,
    [CreateSettings.OptimizerName.sgd, .adamw])
  func allOrNothing(_ index: Int, _ optimizer: CreateSettings.OptimizerName) throws {
    let (name, lesson, updates) = Self.failures[index]
    let teacher = try ModelTeacher.tiny(optimizer: optimizer)
    _ = try teacher.teach(Lesson([.text("a lesson before")]))
    let before = teacher.everything
    let predicted = try answer(NextWordTask(after: .text("the "), limit: 50, in: teacher.snapshot()))
    var asked = 0
    #expect(throws: LanguageModelError.self, "\(name)") {
      try teacher.teach(lesson) {
        asked += 1
        return asked > updates ?? .max
      }
    }
    #expect(teacher.everything == before, "\(name)")
    #expect(teacher.configuration.shape.vocabularySize == teacher.tokenizer.vocabularySize)
    #expect(try answer(NextWordTask(after: .text("the "), limit: 50, in: teacher.snapshot())) == predicted)
    // What is taught afterwards is as if nothing had been tried.
    let twin = try ModelTeacher.tiny(optimizer: optimizer)
    _ = try twin.teach(Lesson([.text("a lesson before")]))
    _ = try twin.teach(Lesson([.text("another new lesson")]))
    _ = try teacher.teach(Lesson([.text("another new lesson")]))
    #expect(teacher.everything == twin.everything, "\(name)")
  }

  @Test("is published under a number that no other publication has")
  func generations() throws {
    let (a, b) = (try ModelTeacher.tiny(), try ModelTeacher.tiny())
    let first = a.snapshot()
    #expect(a.snapshot().generation == first.generation)
    _ = try a.teach(Lesson([.text("the man")]))
    #expect(a.snapshot().generation > first.generation && a.snapshot().modelID == first.modelID)
    #expect(b.snapshot().generation != a.snapshot().generation && b.snapshot().modelID != first.modelID)
  }

  @Test("needs a vocabulary from somewhere")
  func closedWithoutText() throws {
    #expect(throws: LanguageModelError.self) { try ModelTeacher(.tiny(.whitespace)) }
    #expect(throws: LanguageModelError.self) { try ModelTeacher(.tiny(.character)) }
    #expect(throws: LanguageModelError.notText(source: 1, offset: 2)) {
      try ModelTeacher(.tiny(.whitespace), texts: [[0x61], [0x61, 0x20, 0xFF]])
    }
    var settings = CreateSettings.tiny()
    settings.vocabularySize = 1
    #expect(throws: LanguageModelError.self) { try ModelTeacher(settings) }
    settings = .tiny()
    settings.dropout = 1
    #expect(throws: LanguageModelError.self) { try ModelTeacher(settings) }
  }
}
