/// One Unicode scalar read from UTF-8, or one byte that belongs to none.
struct UTF8Scalar {
  /// The scalar's value; nil for a byte that is not part of well-formed UTF-8.
  let value: UInt32?
  /// How many bytes it takes, 1 where the bytes are not well-formed.
  let length: Int

  /// Reads the scalar that begins at `position`, before `end`.
  ///
  /// Overlong forms, surrogates, values over U+10FFFF and sequences that `end` cuts are not well-formed.
  init(_ text: Span<UInt8>, at position: Int, end: Int) {
    let first = text[position]
    if first < 0x80 {
      self.init(value: UInt32(first), length: 1)
      return
    }
    let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
    guard first >= 0xC2, first <= 0xF4, length <= end - position else {
      self.init(value: nil, length: 1)
      return
    }
    var value = UInt32(first) & (0x7F >> UInt32(length))
    for offset in 1..<length {
      let byte = text[position + offset]
      guard byte & 0xC0 == 0x80 else {
        self.init(value: nil, length: 1)
        return
      }
      value = value << 6 | UInt32(byte & 0x3F)
    }
    let smallest: UInt32 = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000
    let isScalar = value >= smallest && value <= 0x10FFFF && !(0xD800...0xDFFF).contains(value)
    self.init(value: isScalar ? value : nil, length: isScalar ? length : 1)
  }

  private init(value: UInt32?, length: Int) {
    self.value = value
    self.length = length
  }

  /// What splitting needs to know of it; empty for a byte that is not well-formed.
  var scalarClass: ScalarClass {
    value.map(ScalarClass.of) ?? []
  }

  /// Whether all of the bytes are well-formed UTF-8.
  static func areWellFormed(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    var position = range.lowerBound
    while position < range.upperBound {
      let scalar = UTF8Scalar(text, at: position, end: range.upperBound)
      if scalar.value == nil { return false }
      position += scalar.length
    }
    return true
  }
}
