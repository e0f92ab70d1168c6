// What parser, printer and line framing need of raw bytes, eight at a time.

extension String {
  /// Whether both hold the same UTF-8 bytes. `==` would also take `é` and `e` with a combining accent for equal.
  package func hasSameBytes(as other: String) -> Bool {
    // Spans of short strings are made first, which their lengths spare nearly always.
    guard utf8.count == other.utf8.count else { return false }
    let left = utf8.span
    let right = other.utf8.span
    for index in left.indices where left[index] != right[index] { return false }
    return true
  }
}

extension Span where Element == UInt8 {
  /// The offset of the first byte from `start` on that equals `byte`; `count` when there is none.
  package func firstOffset(of byte: UInt8, from start: Int) -> Int {
    let pattern = EightBytes(repeating: byte)
    return firstOffset(from: start, where: { $0 == byte }, marks: { $0.marks(equalTo: pattern) })
  }

  /// The offset of the first byte from `start` on that a JSON string cannot hold as it is: a quotation mark, a backslash
  /// or a control character; `count` when there is none.
  func firstSpecialOffset(from start: Int) -> Int {
    let quote = EightBytes(repeating: UInt8(ascii: "\""))
    let backslash = EightBytes(repeating: UInt8(ascii: "\\"))
    let space = EightBytes(repeating: UInt8(ascii: " "))
    return firstOffset(
      from: start, where: \.isSpecialInString,
      marks: { $0.marks(equalTo: quote) | $0.marks(equalTo: backslash) | $0.marks(below: space) })
  }

  /// The offset of the first byte from `start` on that is sought; `count` when there is none.
  ///
  /// Whole blocks first, without a branch within: the compiler makes a few steps of the widest registers of each.
  ///
  /// - Parameter marks: of eight bytes, a mark at the first one that is sought.
  @inline(__always)
  private func firstOffset(
    from start: Int, where isSought: (UInt8) -> Bool, marks: (EightBytes) -> UInt64
  ) -> Int {
    var offset = start
    while offset <= count - 64 {
      let block = block(at: offset)
      var found: UInt64 = 0
      for place in 0..<8 { found |= marks(EightBytes(block[place])) }
      if found != 0 { break }
      offset += 64
    }
    while offset <= count - 8 {
      let found = marks(word(at: offset))
      if found != 0 { return offset + found.trailingZeroBitCount / 8 }
      offset += 8
    }
    while offset < count, !isSought(self[offset]) { offset += 1 }
    return offset
  }

  /// Eight times eight bytes from `offset` on.
  @inline(__always)
  private func block(at offset: Int) -> SIMD8<UInt64> {
    precondition(offset >= 0 && offset <= count - 64, "block(at:): beyond the end")
    return unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: SIMD8<UInt64>.self)
  }

  /// The eight bytes from `offset` on, the first one in the lowest place.
  @inline(__always)
  private func word(at offset: Int) -> EightBytes {
    precondition(offset >= 0 && offset <= count - 8, "word(at:): beyond the end")
    return EightBytes(unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian)
  }
}

extension [UInt8] {
  /// Adds the bytes of a span in one copy.
  package mutating func append(copying bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }
}

extension UInt8 {
  /// Whether a JSON string must escape this byte.
  var isSpecialInString: Bool { self < 0x20 || self == UInt8(ascii: "\"") || self == UInt8(ascii: "\\") }
}

/// Eight bytes that are looked at together.
///
/// Marks are a byte's highest bit. A subtraction may borrow into the bytes above a match and mark them too, so only the
/// lowest mark counts; callers look at no other.
private struct EightBytes {
  private static var highBits: UInt64 { 0x8080_8080_8080_8080 }
  private let bits: UInt64

  init(_ bits: UInt64) { self.bits = bits }

  init(repeating byte: UInt8) { bits = UInt64(byte) &* 0x0101_0101_0101_0101 }

  @inline(__always)
  func marks(equalTo pattern: EightBytes) -> UInt64 {
    let difference = bits ^ pattern.bits
    return (difference &- 0x0101_0101_0101_0101) & ~difference & Self.highBits
  }

  /// `limit` holds one ASCII byte eight times.
  @inline(__always)
  func marks(below limit: EightBytes) -> UInt64 { (bits &- limit.bits) & ~bits & Self.highBits }
}
