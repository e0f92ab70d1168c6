import Networks
import Testing
import Tokenizers

@testable import LanguageModel

@Suite("A reader")
struct ModelReaderTests {
  @Test("gives the same bits whether questions work ahead together or alone", arguments: TokenizerKind.allCases)
  func togetherEqualsAlone(_ kind: TokenizerKind) throws {
    let snapshot = try ModelTeacher.tiny(kind).snapshot()
    let reader = ModelReader()
    let text = Array(String(repeating: sampleText, count: 2))
    // Texts of many lengths, some of which begin alike, some the same, and an empty one.
    let texts = (0..<NextWordTask.batchLimit).map { String(text.prefix($0 * $0 % 60)) + ($0 % 3 == 0 ? "do" : "") }
    for _ in 0..<2 {
      var tasks = try texts.map { try NextWordTask(after: .text($0), limit: 3, in: snapshot) }
      NextWordTask.workAhead(&tasks, with: reader)
      for (task, text) in zip(tasks, texts) {
        #expect(
          try finish(task, with: reader, slice: 2)
            == answer(NextWordTask(after: .text(text), limit: 3, in: snapshot)))
      }
    }
    var none: [NextWordTask] = []
    NextWordTask.workAhead(&none, with: reader)
  }

  @Test("gives the same bits whether it remembers or not", arguments: TokenizerKind.allCases)
  func cachedEqualsUncached(_ kind: TokenizerKind) throws {
    let snapshot = try ModelTeacher.tiny(kind).snapshot()
    let remembering = ModelReader()
    let text = String(repeating: sampleText, count: 3)
    // Growing by a character, then cut back, then changed in the middle.
    var texts = stride(from: 1, through: 90, by: kind.isWordLike ? 1 : 9).map { String(text.prefix($0)) }
    // Long enough for its tokens to be remembered, growing and cut back.
    let long = String(repeating: sampleText, count: 9)
    texts += [long, long + "the", long + "the man b", String(long.dropLast(30)), long + " bites"]
    texts += [String(text.prefix(40)), String(text.prefix(30)) + " fox", text, String(text.dropLast(7))]
    for text in texts {
      let task = try NextWordTask(after: .text(text), limit: 3, in: snapshot)
      #expect(try finish(task, with: remembering, slice: .max) == answer(task))
    }
  }

  @Test("needs one step for a text that grew by a word, and none while it is being typed")
  func growingText() throws {
    let snapshot = try ModelTeacher.tiny().snapshot()
    let reader = ModelReader()
    var text = ""
    for word in String(repeating: "the man bites the dog ", count: 40).split(separator: " ") {
      for end in word.indices {
        let typed = text + word[...end]
        var task = try NextWordTask(after: .text(typed), in: snapshot)
        _ = try task.finish(with: reader)
      }
      text += word + " "
      var task = try NextWordTask(after: .text(text), in: snapshot)
      // One step of the network and one distribution.
      #expect(try task.advance(by: 2, with: reader) != nil)
    }
  }

  @Test("goes on from what another one has read, if they share their memory", arguments: TokenizerKind.allCases)
  func sharedMemory(_ kind: TokenizerKind) throws {
    let snapshot = try ModelTeacher.tiny(kind).snapshot()
    let memory = ReadingMemory()
    let (first, second) = (ModelReader(memory: memory), ModelReader(memory: memory))
    let text = String(repeating: sampleText, count: 20)
    func question(_ text: String) throws -> NextWordTask { try NextWordTask(after: .text(text), in: snapshot) }
    /// The answer by the second reader, and whether it says before that little is new.
    func resumed(_ text: String, newLimit: Int = 64) throws -> (isKnown: Bool, answer: NextWordAnswer) {
      var task = try question(text)
      return (task.resume(newLimit: newLimit, with: second), try finish(task, with: second, slice: 3))
    }
    var unknown = try question(text)
    let isKnown = unknown.resume(newLimit: text.utf8.count / 2, with: second)
    #expect(!isKnown)
    _ = try finish(unknown, with: first, slice: .max)
    for grown in [text + "the man ", text + "a dog b", text] {
      #expect(try resumed(grown) == (true, answer(question(grown))))
    }
    // Known to the tokenizer, but not to the network.
    let longer = text + text
    #expect(memory.begin(longer.utf8.span, in: snapshot).tokens.count > 64)
    #expect(try resumed(longer) == (false, answer(question(longer))))
    // Changed too far back.
    let changed = text.dropLast(200) + " " + text.suffix(190)
    #expect(try resumed(String(changed)) == (false, answer(question(String(changed)))))
  }

  @Test("gives right answers while others that share its memory read, too")
  func manyThreads() async throws {
    let snapshot = try ModelTeacher.tiny().snapshot()
    let memory = ReadingMemory(byteLimit: 50_000)
    let text = String(repeating: sampleText, count: 12)
    let ends = ["", "the ", "a man", "dog bites ", "x"]
    let expected = try ends.map { try answer(NextWordTask(after: .text(text + $0), in: snapshot)) }
    try await withThrowingTaskGroup { group in
      for thread in 0..<4 {
        group.addTask {
          let reader = ModelReader(memory: memory)
          for round in 0..<20 {
            let index = (round * (thread + 1)) % ends.count
            let task = try NextWordTask(after: .text(text + ends[index]), in: snapshot)
            #expect(try finish(task, with: reader, slice: 50) == expected[index])
          }
        }
      }
      try await group.waitForAll()
    }
  }

  @Test("never uses what it remembers of other weights")
  func generations() throws {
    let teacher = try ModelTeacher.tiny()
    let reader = ModelReader()
    let before = try NextWordTask(after: .text("the man bites the "), in: teacher.snapshot())
    let first = try finish(before, with: reader, slice: .max)
    _ = try teacher.teach(Lesson([.text("the man bites the dog")]))
    let after = try NextWordTask(after: .text("the man bites the "), in: teacher.snapshot())
    #expect(try finish(after, with: reader, slice: .max) == answer(after))
    #expect(try finish(after, with: reader, slice: .max) != first)
    #expect(try finish(before, with: reader, slice: .max) == first)
  }

  @Test("keeps within its limit of bytes and is right all the same", arguments: [0, 1, 3000, 20_000])
  func byteLimit(_ limit: Int) throws {
    let snapshot = try ModelTeacher.tiny().snapshot()
    let reader = ModelReader(memory: ReadingMemory(byteLimit: limit))
    let empty = ModelReader(memory: ReadingMemory(byteLimit: 0))
    for index in 0..<60 {
      let text = "the \(["man", "dog", "bird"][index % 3]) " + String(repeating: "bites a ", count: index)
      let task = try NextWordTask(after: .text(text), in: snapshot)
      #expect(try finish(task, with: reader, slice: 5) == finish(task, with: empty, slice: .max))
      #expect(reader.memory.byteCount + reader.cacheByteCount <= 2 * limit + 10_000)
    }
  }

  @Test("follows the gradient of a text back to its beginning")
  func gradientFlow() throws {
    let snapshot = try ModelTeacher.tiny().snapshot()
    let flow = try snapshot.gradientFlow(of: .text("the man bites the dog"))
    #expect(flow.norms.count == 5 && flow.norms.allSatisfy { $0 > 0 } && flow.loss > 0)
    #expect(throws: LanguageModelError.noTokens) { try snapshot.gradientFlow(of: .text(" ")) }
    #expect(throws: LanguageModelError.self) {
      try snapshot.gradientFlow(of: .ids([Int](repeating: 0, count: ModelSnapshot.gradientFlowTokenLimit + 1)))
    }
  }
}
