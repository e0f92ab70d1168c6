/// A strict RFC 8259 parser over UTF-8 bytes.
///
/// Most callers want `JSONValue.parse(_:depthLimit:)`. Whoever needs to know where a value stands in the text (the line
/// protocol echoes an id byte for byte) reads the outer object with `object(in:value:)` and asks `position` before and
/// after each value.
///
/// Every method takes the same text, reads from `position` and leaves `position` behind what it read.
package struct JSONReader {
  /// The greatest nesting that may be asked for; more could exhaust a small thread's stack.
  package static let greatestDepthLimit = 512

  /// The offset of the next byte to read.
  package private(set) var position = 0

  private let depthLimit: Int
  private var depth = 0
  private let partLimit: Int
  private var partCount = 0

  private init(depthLimit: Int, partLimit: Int) {
    self.depthLimit = min(max(depthLimit, 0), Self.greatestDepthLimit)
    self.partLimit = partLimit
  }

  /// Reads one whole text: white space, what `body` reads, white space, end.
  ///
  /// - Parameter partLimit: how many values `value(in:)` may read, those within others included, and escapes in strings.
  package static func read<Result>(
    _ bytes: Span<UInt8>, depthLimit: Int, partLimit: Int = .max,
    _ body: (inout JSONReader) throws(JSONError) -> Result
  ) throws(JSONError) -> Result {
    if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { throw .byteOrderMark }
    var reader = JSONReader(depthLimit: depthLimit, partLimit: partLimit)
    reader.skipWhitespace(in: bytes)
    let result = try body(&reader)
    reader.skipWhitespace(in: bytes)
    guard reader.position == bytes.count else { throw reader.unexpected(in: bytes, expected: "the end of the text") }
    return result
  }

  /// The byte that stands at `position`, or nil at the end.
  package func peek(in bytes: Span<UInt8>) -> UInt8? { position < bytes.count ? bytes[position] : nil }

  /// Reads a value of any kind.
  package mutating func value(in bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
    try countPart(at: position)
    switch peek(in: bytes) {
    case UInt8(ascii: "\""): return .string(try string(in: bytes))
    case UInt8(ascii: "{"):
      return .object(
        try object(in: bytes) { (reader, _) throws(JSONError) in
          try reader.value(in: bytes)
        })
    case UInt8(ascii: "["):
      return .array(
        try array(in: bytes) { (reader) throws(JSONError) in
          try reader.value(in: bytes)
        })
    case let first? where first == UInt8(ascii: "-") || first.isDigit: return .number(try number(in: bytes))
    case UInt8(ascii: "t"): return .bool(try word("true", as: true, in: bytes))
    case UInt8(ascii: "f"): return .bool(try word("false", as: false, in: bytes))
    case UInt8(ascii: "n"): return try word("null", as: .null, in: bytes)
    default: throw unexpected(in: bytes, expected: "a value")
    }
  }

  /// Reads an array, each element by `element`, which is called with `position` at the element's first byte.
  @inline(__always)
  package mutating func array<Element>(
    in bytes: Span<UInt8>, element: (inout JSONReader) throws(JSONError) -> Element
  ) throws(JSONError) -> [Element] {
    try open(UInt8(ascii: "["), in: bytes)
    var elements: [Element] = []
    if close(UInt8(ascii: "]"), in: bytes) { return elements }
    while true {
      elements.append(try element(&self))
      if try close(orNext: UInt8(ascii: "]"), expected: "a comma or ']'", in: bytes) { return elements }
    }
  }

  /// Reads an object, each member's value by `value`, which is called with `position` at the value's first byte and with
  /// the member's name.
  @inline(__always)
  package mutating func object(
    in bytes: Span<UInt8>, value: (inout JSONReader, String) throws(JSONError) -> JSONValue
  ) throws(JSONError) -> JSONObject {
    try open(UInt8(ascii: "{"), in: bytes)
    var members = UniqueMembers()
    if close(UInt8(ascii: "}"), in: bytes) { return members.object }
    while true {
      let nameOffset = position
      guard peek(in: bytes) == UInt8(ascii: "\"") else {
        throw unexpected(in: bytes, expected: "a name in quotation marks")
      }
      let name = try string(in: bytes)
      guard members.admits(name) else { throw .duplicateName(offset: nameOffset) }
      skipWhitespace(in: bytes)
      guard peek(in: bytes) == UInt8(ascii: ":") else { throw unexpected(in: bytes, expected: "a colon") }
      position += 1
      skipWhitespace(in: bytes)
      members.append(name, try value(&self, name))
      if try close(orNext: UInt8(ascii: "}"), expected: "a comma or '}'", in: bytes) { return members.object }
    }
  }

  private mutating func countPart(at offset: Int) throws(JSONError) {
    guard partCount < partLimit else { throw .tooManyParts(limit: partLimit, offset: offset) }
    partCount += 1
  }

  // MARK: - Brackets, words, white space

  private mutating func open(_ bracket: UInt8, in bytes: Span<UInt8>) throws(JSONError) {
    guard peek(in: bytes) == bracket else {
      throw unexpected(in: bytes, expected: "'\(Unicode.Scalar(bracket))'")
    }
    guard depth < depthLimit else { throw .nestingTooDeep(limit: depthLimit, offset: position) }
    depth += 1
    position += 1
    skipWhitespace(in: bytes)
  }

  /// Leaves an array or object if its closing bracket comes next.
  private mutating func close(_ bracket: UInt8, in bytes: Span<UInt8>) -> Bool {
    guard peek(in: bytes) == bracket else { return false }
    depth -= 1
    position += 1
    return true
  }

  /// After an element: goes past the closing bracket (true), or past a comma to the next element (false).
  private mutating func close(
    orNext bracket: UInt8, expected: @autoclosure () -> String, in bytes: Span<UInt8>
  ) throws(JSONError) -> Bool {
    skipWhitespace(in: bytes)
    if close(bracket, in: bytes) { return true }
    guard peek(in: bytes) == UInt8(ascii: ",") else { throw unexpected(in: bytes, expected: expected()) }
    position += 1
    skipWhitespace(in: bytes)
    return false
  }

  private mutating func word<Value>(
    _ word: StaticString, as value: Value, in bytes: Span<UInt8>
  ) throws(JSONError) -> Value {
    for expected in word.description.utf8 {
      guard peek(in: bytes) == expected else { throw unexpected(in: bytes, expected: "the word \(word)") }
      position += 1
    }
    return value
  }

  private mutating func skipWhitespace(in bytes: Span<UInt8>) {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  private func unexpected(in bytes: Span<UInt8>, expected: String) -> JSONError {
    .unexpected(found: JSONError.Found(peek(in: bytes)), expected: expected, offset: position)
  }

  // MARK: - Numbers

  /// Reads a number, whose first byte is a minus or a digit.
  private mutating func number(in bytes: Span<UInt8>) throws(JSONError) -> JSONNumber {
    let start = position
    let isNegative = peek(in: bytes) == UInt8(ascii: "-")
    if isNegative { position += 1 }
    let wholeStart = position
    let whole = try digits(in: bytes)
    if bytes[wholeStart] == UInt8(ascii: "0"), position - wholeStart > 1 { throw .leadingZero(offset: wholeStart + 1) }
    let next = peek(in: bytes)
    let isWhole = next != UInt8(ascii: ".") && next != UInt8(ascii: "e") && next != UInt8(ascii: "E")
    if isWhole, position - wholeStart <= 18, !(isNegative && whole == 0) {
      return JSONNumber(isNegative ? -whole : whole)
    }
    if peek(in: bytes) == UInt8(ascii: ".") {
      position += 1
      try digits(in: bytes)
    }
    if let mark = peek(in: bytes), mark | 0x20 == UInt8(ascii: "e") {
      position += 1
      if let sign = peek(in: bytes), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
      try digits(in: bytes)
    }
    return JSONNumber(checkedLiteral: try text(in: bytes, start..<position))
  }

  /// Reads one digit or more.
  /// - Returns: their value, of no use beyond eighteen digits.
  @discardableResult
  private mutating func digits(in bytes: Span<UInt8>) throws(JSONError) -> Int {
    guard peek(in: bytes)?.isDigit == true else { throw unexpected(in: bytes, expected: "a digit") }
    var value = 0
    while position < bytes.count, bytes[position].isDigit {
      value = value &* 10 &+ Int(bytes[position] & 0x0F)
      position += 1
    }
    return value
  }

  // MARK: - Strings

  /// Reads a string, whose opening quotation mark stands at `position`.
  private mutating func string(in bytes: Span<UInt8>) throws(JSONError) -> String {
    let start = position + 1
    var end = start
    var hasEscapes = false
    while true {
      end = bytes.firstSpecialOffset(from: end)
      guard end < bytes.count else { throw endInString(bytes) }
      if bytes[end] == UInt8(ascii: "\"") { break }
      guard bytes[end] == UInt8(ascii: "\\") else { throw .controlCharacter(offset: end) }
      try countPart(at: end)
      hasEscapes = true
      end += 2
      guard end <= bytes.count else { throw endInString(bytes) }
    }
    position = end + 1
    guard hasEscapes else { return try text(in: bytes, start..<end) }
    try checkUTF8(in: bytes, start..<end)
    return try Unescaping.unescape(bytes.extracting(start..<end), at: start)
  }

  private func endInString(_ bytes: Span<UInt8>) -> JSONError {
    .unexpected(found: .endOfInput, expected: "a quotation mark at the string's end", offset: bytes.count)
  }

  /// The bytes of a range as text.
  private func text(in bytes: Span<UInt8>, _ range: Range<Int>) throws(JSONError) -> String {
    do {
      return String(copying: try UTF8Span(validating: bytes.extracting(range)))
    } catch {
      throw .invalidUTF8(offset: range.lowerBound + error.byteOffsets.lowerBound)
    }
  }

  private func checkUTF8(in bytes: Span<UInt8>, _ range: Range<Int>) throws(JSONError) {
    do {
      _ = try UTF8Span(validating: bytes.extracting(range))
    } catch {
      throw .invalidUTF8(offset: range.lowerBound + error.byteOffsets.lowerBound)
    }
  }
}

extension JSONValue {
  /// Reads a JSON text strictly: RFC 8259, UTF-8, no name twice in an object, no lone surrogate, nothing behind it.
  /// - Parameter depthLimit: how deep arrays and objects may nest; at most `JSONReader.greatestDepthLimit` counts.
  package static func parse(_ bytes: Span<UInt8>, depthLimit: Int = 64) throws(JSONError) -> JSONValue {
    try JSONReader.read(bytes, depthLimit: depthLimit) { (reader) throws(JSONError) in try reader.value(in: bytes) }
  }

  package static func parse(_ bytes: [UInt8], depthLimit: Int = 64) throws(JSONError) -> JSONValue {
    try parse(bytes.span, depthLimit: depthLimit)
  }

  package static func parse(_ text: String, depthLimit: Int = 64) throws(JSONError) -> JSONValue {
    try parse(text.utf8.span, depthLimit: depthLimit)
  }
}

extension UInt8 {
  fileprivate var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }
}
