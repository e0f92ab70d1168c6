/// Why bytes are no JSON text: what was found, what was expected, and where.
///
/// Offsets count bytes from the text's beginning. What was found is named by its class: errors never repeat the text.
package enum JSONError: Error, Equatable, Sendable {
  case unexpected(found: Found, expected: String, offset: Int)
  case nestingTooDeep(limit: Int, offset: Int)
  case tooManyParts(limit: Int, offset: Int)
  case duplicateName(offset: Int)
  case invalidUTF8(offset: Int)
  case loneSurrogate(offset: Int)
  case controlCharacter(offset: Int)
  case leadingZero(offset: Int)
  case byteOrderMark

  /// The class of the byte at which reading stopped.
  package enum Found: Equatable, Sendable {
    case endOfInput
    case structural(Unicode.Scalar)
    case digit
    case letter
    case blank
    case otherASCII
    case controlCharacter
    case nonASCII

    init(_ byte: UInt8?) {
      guard let byte else {
        self = .endOfInput
        return
      }
      switch byte {
      case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ":"),
        UInt8(ascii: ","), UInt8(ascii: "\""):
        self = .structural(Unicode.Scalar(byte))
      case UInt8(ascii: "0")...UInt8(ascii: "9"): self = .digit
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): self = .letter
      case UInt8(ascii: " "): self = .blank
      case 0x00...0x1F, 0x7F: self = .controlCharacter
      case 0x80...: self = .nonASCII
      default: self = .otherASCII
      }
    }
  }

  /// The byte at which the text stopped being JSON; the count of bytes when it ended too early.
  package var offset: Int {
    switch self {
    case .unexpected(_, _, let offset), .nestingTooDeep(_, let offset), .tooManyParts(_, let offset),
      .duplicateName(let offset), .invalidUTF8(let offset), .loneSurrogate(let offset), .controlCharacter(let offset),
      .leadingZero(let offset):
      offset
    case .byteOrderMark: 0
    }
  }
}

extension JSONError: CustomStringConvertible {
  /// One sentence without capital and full stop: `found a comma at byte 7, expected a value`.
  package var description: String {
    switch self {
    case .unexpected(let found, let expected, let offset): "found \(found) at byte \(offset), expected \(expected)"
    case .nestingTooDeep(let limit, let offset):
      "found nesting deeper than \(limit) levels at byte \(offset), expected at most \(limit)"
    case .tooManyParts(let limit, let offset):
      "found more than \(limit) values and escapes at byte \(offset), expected fewer"
    case .duplicateName(let offset):
      "found a second member of the same name at byte \(offset), expected every name once in an object"
    case .invalidUTF8(let offset): "found a byte sequence that is not UTF-8 at byte \(offset), expected UTF-8"
    case .loneSurrogate(let offset):
      "found half of a surrogate pair at byte \(offset), expected a \\u escape for each half or the character itself"
    case .controlCharacter(let offset):
      "found a raw control character in a string at byte \(offset), expected an escape such as \\n or \\u0000"
    case .leadingZero(let offset): "found a digit after a leading zero at byte \(offset), expected no leading zero"
    case .byteOrderMark: "found a byte order mark at byte 0, expected the text to begin without one"
    }
  }
}

extension JSONError.Found: CustomStringConvertible {
  package var description: String {
    switch self {
    case .endOfInput: "the end of the text"
    case .structural("\""): "a quotation mark"
    case .structural(","): "a comma"
    case .structural(":"): "a colon"
    case .structural(let scalar): "'\(scalar)'"
    case .digit: "a digit"
    case .letter: "a letter"
    case .blank: "a space"
    case .otherASCII: "a punctuation mark"
    case .controlCharacter: "a control character"
    case .nonASCII: "a character outside ASCII"
    }
  }
}
