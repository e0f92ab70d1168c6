/// GPT-2's splitting: `Splitter.gpt2Pattern` by hand, over bytes.
///
/// A byte that is not well-formed UTF-8 counts as neither white space, letter nor number.
enum GPT2Splitting {
  /// What a run of the pattern is made of.
  private enum Run {
    case letters, numbers, whiteSpace, others
  }

  static func next(in text: Span<UInt8>, from start: Int, to end: Int) -> Range<Int>? {
    guard start < end else { return nil }
    let byte = text[start]
    if byte == 0x27 {
      let length = lengthOfContraction(in: text, at: start, to: end)
      if length > 0 { return start..<start + length }
    }
    var position = start
    if byte == 0x20, start + 1 < end, run(in: text, at: start + 1, to: end).kind != .whiteSpace {
      position += 1
    }
    let first = run(in: text, at: position, to: end)
    position += first.length
    var last = first.length
    while position < end {
      let following = run(in: text, at: position, to: end)
      if following.kind != first.kind { break }
      last = following.length
      position += last
    }
    // White space before something else leaves its last scalar to what follows, unless it has no other.
    if first.kind == .whiteSpace, position < end, position - last > start { position -= last }
    return start..<position
  }

  /// The length of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d` at `position`, where a `'` stands; 0 for none of them.
  private static func lengthOfContraction(in text: Span<UInt8>, at position: Int, to end: Int) -> Int {
    guard position + 1 < end else { return 0 }
    switch text[position + 1] {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"):
      return position + 2 < end && text[position + 2] == UInt8(ascii: "e") ? 3 : 0
    case UInt8(ascii: "l"):
      return position + 2 < end && text[position + 2] == UInt8(ascii: "l") ? 3 : 0
    default: return 0
    }
  }

  @inline(__always)
  private static func run(in text: Span<UInt8>, at position: Int, to end: Int) -> (kind: Run, length: Int) {
    let byte = text[position]
    if byte < 0x80 {
      if ASCII.isLetter(byte) { return (.letters, 1) }
      if ASCII.isWhiteSpace(byte) { return (.whiteSpace, 1) }
      return (ASCII.isDigit(byte) ? .numbers : .others, 1)
    }
    let scalar = UTF8Scalar(text, at: position, end: end)
    let kind = scalar.scalarClass
    if kind.contains(.letter) { return (.letters, scalar.length) }
    if kind.contains(.number) { return (.numbers, scalar.length) }
    return (kind.contains(.whiteSpace) ? .whiteSpace : .others, scalar.length)
  }
}
