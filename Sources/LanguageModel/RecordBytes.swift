/// Bytes of a record or a file while they are put together; numbers are little-endian.
struct RecordWriter {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ byte: UInt8) { bytes.append(byte) }

  mutating func append(_ more: some Collection<UInt8>) { bytes.append(contentsOf: more) }

  mutating func append(_ number: UInt32) {
    for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
  }

  mutating func append(_ numbers: [Float]) {
    bytes.reserveCapacity(bytes.count + 4 * numbers.count)
    for number in numbers { append(number.bitPattern) }
  }

  /// A number in groups of seven bits, the lowest first, all but the last marked: small ones take a byte.
  mutating func append(variable number: UInt64) {
    var rest = number
    while rest > 0x7F {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }
}

/// Bytes of a record or a file while they are taken apart. Whatever they are, reading ends in an answer or in nil.
struct RecordReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func byte() -> UInt8? { rest.popFirst() }

  mutating func bytes(_ count: Int) -> ArraySlice<UInt8>? {
    guard count >= 0, count <= rest.count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  mutating func uint32() -> UInt32? {
    bytes(4)?.reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  mutating func floats(_ count: Int) -> [Float]? {
    words(count).map { words in words.map { Float(bitPattern: $0) } }
  }

  /// `count` numbers of four bytes.
  mutating func words(_ count: Int) -> [UInt32]? {
    guard count >= 0, count <= rest.count / 4, let part = bytes(4 * count) else { return nil }
    var words: [UInt32] = []
    words.reserveCapacity(count)
    for start in stride(from: part.startIndex, to: part.endIndex, by: 4) {
      let (low, high) = (UInt32(part[start]) | UInt32(part[start + 1]) << 8, UInt32(part[start + 2]))
      words.append(low | high << 16 | UInt32(part[start + 3]) << 24)
    }
    return words
  }

  mutating func variable() -> UInt64? {
    var number: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = byte() else { return nil }
      // The tenth byte holds the last bit alone.
      guard shift < 63 || byte <= 1 else { return nil }
      number |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return number }
    }
    return nil
  }
}
