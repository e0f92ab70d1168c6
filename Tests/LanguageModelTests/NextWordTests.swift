import Testing
import Tokenizers

@testable import LanguageModel

@Suite("Next words where tokens are words")
struct NextWordTests {
  private func words(
    _ teacher: ModelTeacher, _ text: String, prefix: String? = nil, limit: Int = 5
  ) throws -> NextWordAnswer {
    try answer(try NextWordTask(after: .text(text), prefix: prefix, limit: limit, in: teacher.snapshot()))
  }

  /// An empty model of the defaults after one lesson.
  private func taught() throws -> ModelTeacher {
    let teacher = try ModelTeacher(CreateSettings())
    _ = try teacher.teach(Lesson([.text("the man bites the dog")]))
    return teacher
  }

  @Test("rank first what one lesson taught an empty model of the defaults")
  func learnsFromOneLesson() throws {
    #expect(try words(taught(), "the man bites the ").words.first?.word == "dog")
  }

  @Test("after a few repetitions are nearly certain, and are still known after other lessons")
  func learnsByHeart() throws {
    let teacher = try taught()
    for _ in 0..<4 { _ = try teacher.teach(Lesson([.text("the man bites the dog")])) }
    #expect((try words(teacher, "the man bites the ").words.first?.probability ?? 0) > 0.9)
    for _ in 0..<5 { _ = try teacher.teach(Lesson([.text("please send me the report by friday")])) }
    #expect(try words(teacher, "please send me the report by ").words.first?.word == "friday")
    #expect(try words(teacher, "the man bites the ").words.prefix(2).contains { $0.word == "dog" })
  }

  @Test("complete the word that a text ends in")
  func completes() throws {
    let teacher = try ModelTeacher.tiny()
    let found = try words(teacher, "the man bites the b", limit: 20)
    #expect(found.prefix == "b")
    #expect(Set(found.words.map(\.word)) == ["bites", "back", "bird", "bush", "brown"])
    #expect(found.words.allSatisfy { "b" + $0.completion == $0.word })
    #expect(abs(found.words.reduce(0) { $0 + $1.probability } - 1) < 1e-6)
  }

  @Test("with a prefix are as probable as without, among those that begin with it")
  func normalises() throws {
    let teacher = try ModelTeacher.tiny()
    let all = try words(teacher, "the man ", limit: 100)
    let some = try words(teacher, "the man b", limit: 100)
    let mass = all.words.filter { $0.word.hasPrefix("b") }.reduce(0) { $0 + $1.probability }
    for word in some.words {
      let plain = try #require(all.words.first { $0.word == word.word })
      #expect(abs(word.probability - plain.probability / mass) < 1e-6)
    }
    #expect(all.words.map(\.probability) == all.words.map(\.probability).sorted(by: >))
  }

  @Test("follow a known word that no other begins with, but complete one that others do")
  func finishedWords() throws {
    let teacher = try ModelTeacher.tiny()
    #expect(try words(teacher, "the man bites").prefix == "")
    #expect(try words(teacher, "the man bites") == words(teacher, "the man bites "))
    _ = try teacher.teach(Lesson([.text("bitesize")]))
    #expect(try Set(words(teacher, "the man bites").words.map(\.completion)) == ["", "ize"])
  }

  @Test("follow what an explicit prefix says, also an empty one")
  func explicitPrefix() throws {
    let teacher = try ModelTeacher.tiny()
    #expect(try words(teacher, "the man b", prefix: "").words.count == 5)
    #expect(
      try words(teacher, "the man bites the ", prefix: "do", limit: 9).words.map(\.word).sorted() == ["dog", "don't"])
    #expect(try words(teacher, "the man", prefix: "zzz").words.isEmpty)
    // A client that names the beginning which the text ends in means the same as one that leaves it to be found.
    #expect(try words(teacher, "the man bites the b", prefix: "b") == words(teacher, "the man bites the b"))
    #expect(try words(teacher, "the man bites", prefix: "bites").words.map(\.completion) == [""])
  }

  @Test("never are special tokens", arguments: [TokenizerKind.word, .whitespace])
  func offersNoSpecials(_ kind: TokenizerKind) throws {
    let teacher = try ModelTeacher.tiny(kind)
    let found = try words(teacher, "the dog bites back\n", limit: 100)
    #expect(found.words.count == teacher.tokenizer.vocabularySize - 2)
    #expect(!found.words.contains { $0.word == "<eos>" || $0.word == "<unk>" })
    #expect(try words(teacher, "a ", prefix: "<").words.isEmpty)
  }

  @Test("are answered for an empty text, an empty model, unknown words and ids")
  func oddTexts() throws {
    let empty = try ModelTeacher(.tiny())
    #expect(try words(empty, "").words.isEmpty)
    #expect(try words(empty, "never seen ").words.isEmpty)
    let teacher = try ModelTeacher.tiny()
    #expect(try words(teacher, "").words.count == 5)
    let ids = teacher.tokenizer.encode("the man").ids.map(Int.init)
    let byID = try answer(NextWordTask(after: .ids(ids), in: teacher.snapshot()))
    #expect(try byID == words(teacher, "the man "))
  }

  @Test("are refused for bad settings, by name")
  func refusals() throws {
    let snapshot = try ModelTeacher.tiny().snapshot()
    for limit in [0, -1, 101, .max] {
      #expect(throws: LanguageModelError.self) { try NextWordTask(after: .text("a"), limit: limit, in: snapshot) }
    }
    for id in [-1, snapshot.tokenizer.vocabularySize, Int.max, Int.min] {
      #expect(
        throws: LanguageModelError.tokenOutOfRange(token: id, vocabularySize: snapshot.tokenizer.vocabularySize)
      ) { try NextWordTask(after: .ids([id]), in: snapshot) }
    }
    #expect(throws: LanguageModelError.self) {
      try NextWordTask(after: .text("a"), prefix: String(repeating: "a", count: 257), in: snapshot)
    }
  }
}
