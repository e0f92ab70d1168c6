import Foundation
import Networks
import Testing
import Tokenizers

@testable import LanguageModel

@Suite("Next words where tokens are pieces of words")
struct NextWordSearchTests {
  private func words(
    _ teacher: ModelTeacher, _ text: String, prefix: String? = nil, limit: Int = 5
  ) throws -> NextWordAnswer {
    try answer(try NextWordTask(after: .text(text), prefix: prefix, limit: limit, in: teacher.snapshot()))
  }

  /// A model that has read the sample text often enough to know it.
  private static func trained(_ kind: TokenizerKind) throws -> ModelTeacher {
    var settings = CreateSettings.tiny(kind)
    settings.embeddingSize = 16
    settings.hiddenSize = 32
    settings.layerCount = 1
    settings.optimizer = .adamw
    let teacher = try ModelTeacher(settings, texts: [Array(sampleText.utf8)])
    for _ in 0..<60 {
      var lesson = Lesson([.text(sampleText)])
      lesson.learningRate = 0.02
      lesson.bptt = 64
      _ = try teacher.teach(lesson)
    }
    return teacher
  }

  @Test("are whole words that complete what was begun", arguments: [TokenizerKind.byteBPE, .character])
  func completes(_ kind: TokenizerKind) throws {
    let teacher = try Self.trained(kind)
    let next = try words(teacher, "the man bites the ")
    #expect(next.prefix == "" && next.words.first?.word == "dog", "\(next.words)")
    #expect(next.words.first?.completion == "dog")
    let begun = try words(teacher, "the man bites the d")
    #expect(begun.prefix == "d" && begun.words.first?.word == "dog" && begun.words.first?.completion == "og")
    let explicit = try words(teacher, "the man bites the", prefix: "")
    #expect(explicit.words.first?.word == "dog")
    let joined = try words(teacher, "two in the bush\ndon")
    #expect(joined.words.first?.word == "don't" && joined.words.first?.completion == "'t", "\(joined.words)")
    let umlaut = try words(teacher, "quick brown fox jumps\n")
    #expect(umlaut.words.first?.word == "über", "\(umlaut.words)")
    for word in next.words + begun.words + joined.words { #expect(word.probability > 0 && word.probability <= 1) }
  }

  @Test("have the probabilities that summing over every spelling gives", arguments: ["", "a", "b"])
  func agreesWithEnumeration(_ prefix: String) throws {
    // Three letters and a blank: words of at most four letters are few enough to enumerate.
    var settings = CreateSettings.tiny(.character)
    settings.layerCount = 1
    let teacher = try ModelTeacher(settings, texts: [Array("ab ba c abc".utf8)])
    // Taught to end words soon, so that long ones weigh little.
    for _ in 0..<30 { _ = try teacher.teach(Lesson([.text("a b ab ba c a b c ab ")])) }
    let snapshot = teacher.snapshot()
    let found = try words(teacher, "ab ", prefix: prefix, limit: 6)
    let evaluator = Evaluator()
    let blank = try #require(snapshot.tokenizer.id(of: [0x20]))
    let letters = try ["a", "b", "c"].map { try #require(snapshot.tokenizer.id(of: Array($0.utf8))) }
    func spell(_ word: [TokenID]) throws -> (reached: Double, ended: Double) {
      var state = HiddenState(zeroFor: snapshot.weights.shape)
      let context = [snapshot.tokenizer.endOfSequence] + snapshot.tokenizer.encode("ab ").ids
      evaluator.advance(&state, by: context[...], with: snapshot.weights)
      var reached = 1.0
      var logProbabilities: [Float] = []
      for letter in word {
        evaluator.logProbabilities(after: state, with: snapshot.weights, into: &logProbabilities)
        reached *= exp(Double(logProbabilities[Int(letter)]))
        evaluator.advance(&state, by: letter, with: snapshot.weights)
      }
      evaluator.logProbabilities(after: state, with: snapshot.weights, into: &logProbabilities)
      let specials = [snapshot.tokenizer.endOfSequence] + (snapshot.tokenizer.unknown.map { [$0] } ?? [])
      return (reached, reached * ([blank] + specials).reduce(0) { $0 + exp(Double(logProbabilities[Int($1)])) })
    }
    for word in found.words {
      let spelled = try word.word.utf8.map { try #require(snapshot.tokenizer.id(of: [$0])) }
      let mass = try spell(Array(spelled.prefix(prefix.utf8.count))).reached
      #expect(abs(word.probability - (try spell(spelled).ended) / mass) < 1e-4, "\(word)")
      #expect(spelled.allSatisfy { letters.contains($0) })
    }
    #expect(found.words.count == 6)
  }

  @Test(
    "are the same in slices of any size, and with whatever is remembered",
    arguments: [TokenizerKind.byteBPE, .character])
  func slices(_ kind: TokenizerKind) throws {
    let snapshot = try ModelTeacher.tiny(kind).snapshot()
    let task = try NextWordTask(after: .text("the man bites th"), in: snapshot)
    let expected = try answer(task)
    let reader = ModelReader()
    for slice in [1, 2, 7, 100, 3] { #expect(try finish(task, with: reader, slice: slice) == expected) }
    #expect(!expected.words.isEmpty)
  }

  @Test("come to an end in a model that has learned nothing", arguments: [TokenizerKind.byteBPE, .character])
  func ends(_ kind: TokenizerKind) throws {
    var settings = CreateSettings.tiny(kind)
    settings.hiddenSize = 4
    let teacher = try ModelTeacher(settings, texts: [Array(sampleText.utf8)])
    for text in ["", "the", "the ", ".", "\n", "日本", "\u{E9}", "x x x ", "'"] {
      let found = try words(teacher, text)
      #expect(found.words.allSatisfy { $0.word.hasPrefix(found.prefix) && !$0.word.contains(" ") })
    }
  }

  @Test("are only whole valid UTF-8, where single bytes are tokens")
  func wholeCharacters() throws {
    var settings = CreateSettings.tiny(.byteBPE)
    settings.vocabularySize = 258
    settings.hiddenSize = 48
    settings.layerCount = 1
    let teacher = try ModelTeacher(settings)
    for _ in 0..<40 { _ = try teacher.teach(Lesson([.text("über über über ")])) }
    let found = try words(teacher, "über ", limit: 10)
    #expect(found.words.first?.word == "über", "\(found.words)")
  }
}
