import TestSupport
import Testing

@testable import RPC

@Suite("Line framing")
struct LineFramerTests {
  /// A stream, and the items that it holds for a limit of 8 bytes.
  struct Stream: CustomTestStringConvertible, Sendable {
    let name: String
    let bytes: [UInt8]
    let items: [LineFramer.Item]

    init(_ name: String, _ text: String, _ items: [LineFramer.Item]) {
      self.name = name
      bytes = Array(text.utf8)
      self.items = items
    }

    var testDescription: String { name }
  }

  static let streams = [
    Stream("nothing", "", []),
    Stream("one line", "ab\n", [line("ab")]),
    Stream("two lines", "ab\ncd\n", [line("ab"), line("cd")]),
    Stream("CRLF", "ab\r\ncd\r\n", [line("ab"), line("cd")]),
    Stream("no end behind the last line", "ab\ncd", [line("ab"), line("cd")]),
    Stream("no LF behind the last CR", "ab\ncd\r", [line("ab"), line("cd")]),
    Stream("blank lines", "\n\nab\n\r\n \t \n\ncd\n\n", [line("ab"), line("cd")]),
    Stream("blanks behind the last line", "ab\n \t", [line("ab")]),
    Stream("blanks that belong to a line", " a b \n", [line(" a b ")]),
    Stream("a CR within a line", "a\rb\n\rc\n", [line("a\rb"), line("\rc")]),
    Stream("two CRs before the LF", "ab\r\r\n", [line("ab\r")]),
    Stream("letters of several bytes", "é\n😀\n", [line("é"), line("😀")]),
    Stream("a line as long as the limit", "12345678\n", [line("12345678")]),
    Stream("a CRLF line as long as the limit", "12345678\r\nab\n", [line("12345678"), line("ab")]),
    Stream("a last line as long as the limit", "12345678", [line("12345678")]),
    Stream("a last line as long as the limit and a CR", "12345678\r", [line("12345678")]),
    Stream("a line one byte too long", "123456789\nab\n", [.tooLong, line("ab")]),
    Stream("a CRLF line one byte too long", "123456789\r\nab\n", [.tooLong, line("ab")]),
    Stream("a line as long as the limit and two CRs", "12345678\r\r\nab\n", [.tooLong, line("ab")]),
    Stream("a CR where the limit ends, and more", "12345678\r9\nab\n", [.tooLong, line("ab")]),
    Stream("a last line too long", "ab\n123456789", [line("ab"), .tooLong]),
    Stream("a line many times too long", String(repeating: "1234567\r", count: 9) + "\nab\n", [.tooLong, line("ab")]),
    Stream("two long lines in a row", "1234567890\n1234567890\nab\n", [.tooLong, .tooLong, line("ab")]),
    Stream("a long line of blanks", "              \nab\n", [.tooLong, line("ab")]),
    Stream("a blank line behind a long one", "1234567890\n\nab\n", [.tooLong, line("ab")]),
    Stream("a short line between long ones", "1234567890\nab\n1234567890\n", [.tooLong, line("ab"), .tooLong]),
  ]

  @Test("Every split of a stream into two parts gives the same lines", arguments: streams)
  func everySplit(stream: Stream) {
    for offset in 0...stream.bytes.count {
      #expect(Self.items(of: [Array(stream.bytes[..<offset]), Array(stream.bytes[offset...])]) == stream.items)
    }
  }

  @Test("A stream that comes byte by byte gives the same lines", arguments: streams)
  func byteByByte(stream: Stream) {
    #expect(Self.items(of: stream.bytes.map { [$0] }) == stream.items)
  }

  @Test("Lines that are put aside in pieces of any size are the same", arguments: streams)
  func pieces(stream: Stream) {
    for pieceByteCount in [0, 1, 2, 3, 5, 7] {
      for offset in 0...stream.bytes.count {
        let halves = [Array(stream.bytes[..<offset]), Array(stream.bytes[offset...])]
        #expect(Self.items(of: halves, pieceByteCount: pieceByteCount) == stream.items, "\(pieceByteCount)")
      }
      #expect(Self.items(of: stream.bytes.map { [$0] }, pieceByteCount: pieceByteCount) == stream.items)
    }
  }

  @Test("A line of megabytes comes whole, and what waits of it is counted")
  func megabytes() {
    var framer = LineFramer()
    let part = (0..<60_000).map { UInt8(0x61 + $0 % 26) }
    for number in 1...100 {
      framer.append(part)
      #expect(framer.next() == nil)
      #expect(framer.bufferedByteCount == number * part.count)
      #expect(framer.isWithinLine == true)
    }
    framer.append(Array("\r\nab\n".utf8))
    #expect(framer.next() == .line(Array(repeatElement(part, count: 100).joined())))
    #expect(framer.next() == line("ab"))
    #expect(framer.next() == nil)
    #expect(framer.isWithinLine == false)
  }

  @Test(
    "Long lines come whole one after another, however they grow and shrink and were split",
    arguments: [1_000, 60_000, 65_536, 70_000, 300_000, 4_000_000])
  func longLines(partByteCount: Int) {
    let lengths = [10, 70_000, 200_000, 200_001, 224_999, 225_003, 300_000, 90_000, 1_300_000, 1_300_000, 65_535, 3]
    for ending in ["\n", "\r\n"] {
      let lines = lengths.map { length in (0..<length).map { UInt8(0x61 + ($0 &* 31 &+ length) % 26) } }
      let stream = lines.flatMap { $0 + Array(ending.utf8) }
      var framer = LineFramer()
      var found: [LineFramer.Item] = []
      var shared: [UInt8] = []
      var rest = stream[...]
      while !rest.isEmpty {
        framer.append(atMost: partByteCount, through: &shared) { bytes, count in
          bytes += rest.prefix(count)
          rest = rest.dropFirst(count)
        }
        while let item = framer.next() { found.append(item) }
      }
      #expect(found == lines.map { .line($0) })
      #expect(framer.bufferedByteCount == 0)
    }
  }

  @Test("A long line of blanks is none, and one that is skipped in its middle is forgotten")
  func longBlanksAndSkips() {
    var framer = LineFramer(pieceByteCount: 10)
    for _ in 0..<10 {
      framer.append([UInt8](repeating: 0x20, count: 25))
      #expect(framer.next() == nil)
    }
    framer.append(Array("\nab".utf8))
    #expect(framer.next() == nil)
    for _ in 0..<10 {
      framer.append([UInt8](repeating: 0x63, count: 25))
      #expect(framer.next() == nil)
    }
    framer.skipLine()
    #expect(framer.bufferedByteCount == 0)
    #expect(framer.isWithinLine == true)
    framer.append(Array("d\nef\n".utf8))
    #expect(framer.next() == line("ef"))
    #expect(framer.isWithinLine == false)
  }

  @Test("Random splits of a stream of all streams give the same lines", arguments: UInt64(1)...10)
  func randomSplits(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let ended = Self.streams.map { ($0.bytes + [0x0A], $0.items) }
    let bytes = ended.flatMap(\.0)
    let items = ended.flatMap(\.1)
    for _ in 0..<20 {
      var parts: [[UInt8]] = []
      var rest = bytes[...]
      while !rest.isEmpty {
        let part = rest.prefix(Int.random(in: 1...40, using: &generator))
        parts.append(Array(part))
        rest = rest.dropFirst(part.count)
      }
      #expect(Self.items(of: parts) == items, "seed \(seed)")
    }
  }

  @Test("Lines that came together are given one by one, also when they are asked for late")
  func askedLate() {
    var framer = LineFramer(lineByteLimit: 8)
    framer.append(Array("ab\ncd\n12345678901\nef".utf8))
    framer.append(Array("gh\n".utf8))
    framer.finish()
    var items: [LineFramer.Item] = []
    while let item = framer.next() { items.append(item) }
    #expect(items == [line("ab"), line("cd"), .tooLong, line("efgh")])
  }

  @Test("A line that is too long is reported before it ends, once, and is not kept")
  func longLine() {
    var framer = LineFramer(lineByteLimit: 100)
    let part = [UInt8](repeating: 0x61, count: 60)
    framer.append(part)
    #expect(framer.next() == nil)
    framer.append(part)
    #expect(framer.next() == .tooLong)
    for _ in 0..<1000 {
      framer.append(part)
      #expect(framer.next() == nil)
      #expect(framer.bufferedByteCount == 0)
    }
    framer.append(Array("\nab\n".utf8))
    #expect(framer.next() == line("ab"))
    #expect(framer.next() == nil)
  }

  @Test("Any number is a limit", arguments: [Int.min, -1, 0, .max])
  func anyLimit(limit: Int) {
    var framer = LineFramer(lineByteLimit: limit)
    framer.append(Array("ab".utf8))
    #expect(framer.next() == (limit > 0 ? nil : .tooLong))
    framer.append([0x0A])
    #expect(framer.next() == (limit > 0 ? line("ab") : nil))
  }

  @Test("Lines given are not kept")
  func givenLines() {
    var framer = LineFramer()
    for _ in 0..<100 {
      framer.append(Array("12345678\n1234".utf8))
      #expect(framer.next() == line("12345678"))
      #expect(framer.next() == nil)
      #expect(framer.bufferedByteCount == 4)
      framer.append([0x0A])
      #expect(framer.next() == line("1234"))
      #expect(framer.bufferedByteCount == 0)
    }
  }

  private static func items(of parts: [[UInt8]], pieceByteCount: Int = 64 << 10) -> [LineFramer.Item] {
    var framer = LineFramer(lineByteLimit: 8, pieceByteCount: pieceByteCount)
    var items: [LineFramer.Item] = []
    for part in parts {
      framer.append(part)
      while let item = framer.next() { items.append(item) }
    }
    framer.finish()
    while let item = framer.next() { items.append(item) }
    return items
  }
}

private func line(_ text: String) -> LineFramer.Item { .line(Array(text.utf8)) }
