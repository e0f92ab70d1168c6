/// Little-endian elements to `Float`, without loss.
enum FloatWidening {
  /// Appends all elements that `bytes` holds.
  ///
  /// - Precondition: the type widens to `Float`, and `bytes` holds whole elements.
  static func append(_ bytes: RawSpan, as elementType: ElementType, to values: inout [Float]) {
    precondition(elementType.widensToFloat, "append: elements don't widen")
    precondition(bytes.byteCount % elementType.byteCount == 0, "append: half an element")
    let count = bytes.byteCount / elementType.byteCount
    values.append(addingCapacity: count) { output in
      for index in 0..<count {
        let offset = index * elementType.byteCount
        output.append(
          elementType == .float32 ? single(bytes, at: offset) : half(bytes, at: offset, as: elementType))
      }
    }
  }

  @inline(__always)
  private static func single(_ bytes: RawSpan, at offset: Int) -> Float {
    Float(bitPattern: UInt32(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)))
  }

  @inline(__always)
  private static func half(_ bytes: RawSpan, at offset: Int, as elementType: ElementType) -> Float {
    let pattern = UInt16(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    return elementType == .bfloat16 ? Float(bitPattern: UInt32(pattern) << 16) : widenedHalf(pattern)
  }

  /// An IEEE 754 half (1 sign, 5 exponent, 10 fraction bits) as a `Float`, subnormal numbers included.
  static func widenedHalf(_ pattern: UInt16) -> Float {
    let sign = UInt32(pattern & 0x8000) << 16
    let exponent = UInt32(pattern >> 10) & 0x1F
    let fraction = UInt32(pattern & 0x3FF)
    switch exponent {
    case 0:
      // A multiple of 2⁻²⁴, which a Float holds as a normal number.
      let magnitude = Float(fraction) * Float(sign: .plus, exponent: -24, significand: 1)
      return Float(bitPattern: magnitude.bitPattern | sign)
    case 0x1F: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }
}
