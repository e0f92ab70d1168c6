import Networks
import Testing

@testable import LanguageModel

@Suite("A journal record")
struct LessonRecordTests {
  static let lessons: [LessonRecord] = {
    var plain = Lesson([.text("über allen gipfeln")])
    plain.learningRate = 0.1
    var full = Lesson([.text(""), .ids([0, 127, 128, 300_000, Int(Int32.max)]), .text("a\u{0}b\n\"\\")])
    (full.learningRate, full.clipNorm, full.clipValue, full.bptt) = (1e-300, .leastNormalMagnitude, 1.0 / 3, 4096)
    full.carry = CarryState(
      states: BatchState([
        HiddenState([0, -0.0, .pi]), HiddenState([1, 2, 3]), HiddenState([.greatestFiniteMagnitude, 0, 1]),
      ]),
      lastTokens: [0, 7, .max])
    var request = LessonRequest(full)
    request.key = "a key with \"quotes\""
    return [
      LessonRecord(lesson: plain), LessonRecord(lesson: Lesson([])),
      LessonRecord(lesson: full, key: request.requestKey, step: 1 << 50, runUpdate: 0),
    ]
  }()

  @Test("is read as it was written, to the bit", arguments: lessons)
  func roundTrip(_ record: LessonRecord) throws {
    #expect(JournalEntry(JournalEntry.lesson(record).encoded()) == .lesson(record))
  }

  @Test("of another kind is read as it was written", arguments: [JournalEntry.undone(.max), .undone(0), .probe])
  func others(_ record: JournalEntry) {
    #expect(JournalEntry(record.encoded()) == record)
  }

  @Test("cut anywhere, or with a byte more, is none")
  func damage() {
    for record in Self.lessons {
      let bytes = JournalEntry.lesson(record).encoded()
      for count in bytes.indices { #expect(JournalEntry(Array(bytes[..<count])) == nil) }
      #expect(JournalEntry(bytes + [0]) == nil)
    }
  }

  @Test("with any byte changed ends in a record or in nothing")
  func noise() {
    for record in Self.lessons {
      var bytes = JournalEntry.lesson(record).encoded()
      for index in bytes.indices {
        for flip: UInt8 in [1, 0x80, 0xFF] {
          bytes[index] ^= flip
          _ = JournalEntry(bytes)
          bytes[index] ^= flip
        }
      }
    }
  }

  @Test("has a key whose digest tells params apart, but not the states that were carried")
  func digests() throws {
    var request = LessonRequest(Lesson([.text("the man")]))
    #expect(request.requestKey == nil)
    request.key = "k"
    let key = try #require(request.requestKey)
    var other = request
    other.lesson.carry = CarryState(states: BatchState([HiddenState([1])]), lastTokens: [1])
    #expect(other.requestKey == key)
    let changes: [(inout LessonRequest) -> Void] = [
      { $0.lesson.sequences = [.text("the mam")] }, { $0.lesson.sequences = [.text("the"), .text(" man")] },
      { $0.lesson.learningRate = 0.1 }, { $0.lesson.clipNorm = 1 }, { $0.lesson.clipValue = 1 }, { $0.lesson.bptt = 5 },
      { $0.carries = true }, { $0.expectedStep = 0 }, { $0.key = "l" },
    ]
    for change in changes {
      var changed = request
      change(&changed)
      #expect(changed.requestKey != key)
    }
  }
}

@Suite("The memory of requests")
struct RequestMemoryTests {
  private func key(_ name: String, text: String = "a") -> RequestKey? {
    var request = LessonRequest(Lesson([.text(text)]))
    request.key = name
    return request.requestKey
  }

  private func report(_ step: Int) -> LessonReport {
    LessonReport(
      loss: 0.1 + Double(step), tokenCount: 3, updateCount: 1, gradientNorm: 1.0 / 3, isClipped: step % 2 == 0,
      step: step,
      newWordCount: 2, carry: nil)
  }

  @Test("answers a repeated request as the first, and refuses the key to another")
  func repeats() throws {
    var memory = RequestMemory()
    let first = try #require(key("k"))
    #expect(try memory.answer(to: first) == nil)
    memory.remember(report(1), for: first)
    #expect(try memory.answer(to: first) == report(1))
    #expect(throws: LanguageModelError.self) { try memory.answer(to: try #require(key("k", text: "b"))) }
  }

  @Test("keeps the last 1,024, and is kept as it is")
  func bounded() throws {
    var memory = RequestMemory()
    for index in 0...RequestMemory.limit { memory.remember(report(index), for: try #require(key("\(index)"))) }
    #expect(try memory.answer(to: try #require(key("0"))) == nil)
    #expect(try memory.answer(to: try #require(key("1"))) == report(1))
    #expect(RequestMemory(json: memory.json) == memory)
    #expect(RequestMemory(json: [["key": "k"]]) == nil && RequestMemory(json: 5) == nil)
  }
}
