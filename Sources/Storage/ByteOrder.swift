// Numbers in files: little endian, whatever the processor.

extension [UInt8] {
  mutating func append(number: some FixedWidthInteger) {
    for shift in stride(from: 0, to: number.bitWidth, by: 8) { append(UInt8(truncatingIfNeeded: number >> shift)) }
  }

  /// Overwrites the bytes from `offset` on.
  mutating func put(number: some FixedWidthInteger, at offset: Int) {
    for index in 0..<(number.bitWidth / 8) { self[offset + index] = UInt8(truncatingIfNeeded: number >> (8 * index)) }
  }
}

extension Span<UInt8> {
  /// The number whose first byte stands at `offset`; the caller has made sure that all of them are there.
  func number<Number: FixedWidthInteger & UnsignedInteger>(at offset: Int, as type: Number.Type = Number.self) -> Number
  {
    var number: Number = 0
    for index in 0..<(Number.bitWidth / 8) { number |= Number(self[offset + index]) << (8 * index) }
    return number
  }
}

extension FixedWidthInteger where Self: UnsignedInteger {
  /// All digits of the number, in base 16.
  var hexadecimal: String {
    let digits = String(self, radix: 16)
    return String(repeating: "0", count: Self.bitWidth / 4 - digits.utf8.count) + digits
  }

  /// Reads what `hexadecimal` wrote, and nothing else.
  init?(hexadecimal text: String) {
    guard let number = Self(text, radix: 16), number.hexadecimal == text else { return nil }
    self = number
  }
}
