import CSystem

/// The 32-bit cyclic redundancy check with Castagnoli's polynomial, which finds every damage that touches up to 32
/// neighbouring bits.
///
/// Source: RFC 3720, appendix B.4, which also has the test vectors.
package struct CRC32C: Equatable, Sendable {
  /// In the processor's form: inverted at the beginning, not yet at the end.
  private var state: UInt32 = 0xFFFF_FFFF

  package init() {}

  /// The checksum of all bytes so far.
  package var value: UInt32 { ~state }

  /// Adds bytes at the end, with the processor's own instruction where it has one.
  package mutating func update(_ bytes: Span<UInt8>) {
    guard Self.isInHardware else { return updateByTable(bytes) }
    state = unsafe bytes.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return state }
      return unsafe rnnd_crc32c(state, base, buffer.count)
    }
  }

  /// Adds a number's bytes at the end, the lowest first.
  mutating func update(_ number: UInt64) {
    let bytes = InlineArray<8, UInt8> { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    update(bytes.span)
  }

  /// The plain form, which is the definition.
  mutating func updateByTable(_ bytes: Span<UInt8>) {
    for index in bytes.indices {
      state = state >> 8 ^ Self.table[Int((state ^ UInt32(bytes[index])) & 0xFF)]
    }
  }

  /// The checksum of some bytes.
  package static func of(_ bytes: Span<UInt8>) -> UInt32 {
    var checksum = CRC32C()
    checksum.update(bytes)
    return checksum.value
  }

  private static let isInHardware = rnnd_has_crc32c() != 0

  /// The remainder of each byte, for the reflected polynomial.
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { remainder, _ in
      remainder & 1 == 1 ? remainder >> 1 ^ 0x82F6_3B78 : remainder >> 1
    }
  }
}
