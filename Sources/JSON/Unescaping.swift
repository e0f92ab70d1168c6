/// Resolves the escapes of a string's body, the bytes between its quotation marks.
///
/// The body is valid UTF-8 and every backslash in it has a byte behind it.
struct Unescaping {
  private var result: [UInt8] = []
  private var offset = 0

  /// The text that `body` stands for.
  /// - Parameter bodyOffset: where the body begins in the whole text, for errors.
  static func unescape(_ body: Span<UInt8>, at bodyOffset: Int) throws(JSONError) -> String {
    var unescaping = Unescaping()
    unescaping.result.reserveCapacity(body.count)
    while true {
      let runEnd = body.firstOffset(of: UInt8(ascii: "\\"), from: unescaping.offset)
      unescaping.result.append(copying: body.extracting(unescaping.offset..<runEnd))
      guard runEnd < body.count else { return String(decoding: unescaping.result, as: UTF8.self) }
      unescaping.offset = runEnd
      try unescaping.escape(in: body, at: bodyOffset)
    }
  }

  /// Resolves the escape that begins at `offset`.
  private mutating func escape(in body: Span<UInt8>, at bodyOffset: Int) throws(JSONError) {
    let letter = body[offset + 1]
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(letter)
    case UInt8(ascii: "n"): result.append(0x0A)
    case UInt8(ascii: "t"): result.append(0x09)
    case UInt8(ascii: "r"): result.append(0x0D)
    case UInt8(ascii: "b"): result.append(0x08)
    case UInt8(ascii: "f"): result.append(0x0C)
    case UInt8(ascii: "u"):
      let scalar = try scalar(in: body, at: bodyOffset)
      if let encoded = UTF8.encode(scalar) { result.append(contentsOf: encoded) }
      return
    default:
      throw .unexpected(
        found: JSONError.Found(letter), expected: "one of \" \\ / b f n r t u after a backslash",
        offset: bodyOffset + offset + 1)
    }
    offset += 2
  }

  /// Reads `\uXXXX`, or two of them that make a surrogate pair.
  private mutating func scalar(in body: Span<UInt8>, at bodyOffset: Int) throws(JSONError) -> Unicode.Scalar {
    let start = offset
    let high = try codeUnit(in: body, at: bodyOffset)
    if let scalar = Unicode.Scalar(high) { return scalar }
    guard UTF16.isLeadSurrogate(high), offset + 1 < body.count, body[offset] == UInt8(ascii: "\\"),
      body[offset + 1] == UInt8(ascii: "u")
    else { throw .loneSurrogate(offset: bodyOffset + start) }
    let low = try codeUnit(in: body, at: bodyOffset)
    guard UTF16.isTrailSurrogate(low) else { throw .loneSurrogate(offset: bodyOffset + start) }
    let value = 0x10000 + (UInt32(high - 0xD800) << 10 | UInt32(low - 0xDC00))
    return Unicode.Scalar(value) ?? "\u{FFFD}"
  }

  /// Reads one `\uXXXX`.
  private mutating func codeUnit(in body: Span<UInt8>, at bodyOffset: Int) throws(JSONError) -> UInt16 {
    var unit: UInt16 = 0
    for index in (offset + 2)..<(offset + 6) {
      guard index < body.count, let digit = body[index].hexadecimalDigit else {
        throw .unexpected(
          found: JSONError.Found(index < body.count ? body[index] : UInt8(ascii: "\"")),
          expected: "four hexadecimal digits after \\u", offset: bodyOffset + index)
      }
      unit = unit << 4 | UInt16(digit)
    }
    offset += 6
    return unit
  }

}

extension UInt8 {
  fileprivate var hexadecimalDigit: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
