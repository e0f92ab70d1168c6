/// What splitting needs to know of a Unicode scalar.
struct ScalarClass: OptionSet, Sendable {
  let rawValue: UInt8

  /// General category L.
  static let letter = ScalarClass(rawValue: 1)
  /// General category N.
  static let number = ScalarClass(rawValue: 2)
  /// General category M.
  static let mark = ScalarClass(rawValue: 4)
  /// Property White_Space.
  static let whiteSpace = ScalarClass(rawValue: 8)
  /// Letters, marks, numbers and `_`: what a word is made of.
  static let word = ScalarClass(rawValue: 16)
  /// What `\w` means in Unicode's regular expressions (UTS #18): alphabetic, marks, decimal digits, connector
  /// punctuation, join controls.
  static let identifier = ScalarClass(rawValue: 32)

  init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// Works the class out from the scalar's properties.
  init(of scalar: Unicode.Scalar) {
    let properties = scalar.properties
    var flags: ScalarClass = properties.isWhitespace ? .whiteSpace : []
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      flags.formUnion([.letter, .word])
    case .nonspacingMark, .spacingMark, .enclosingMark: flags.formUnion([.mark, .word, .identifier])
    case .decimalNumber: flags.formUnion([.number, .word, .identifier])
    case .letterNumber, .otherNumber: flags.formUnion([.number, .word])
    case .connectorPunctuation: flags.formUnion(scalar == "_" ? [.word, .identifier] : .identifier)
    default: break
    }
    if properties.isAlphabetic || properties.isJoinControl { flags.insert(.identifier) }
    self = flags
  }

  /// The classes of the scalars that UTF-8 writes in one or two bytes, worked out once a process, when a text first needs
  /// them: 0.3 ms, where the whole plane takes 10, which most texts never need.
  private static let firstScalars = classes(of: 0..<0x800)
  /// The classes of the basic multilingual plane, worked out likewise.
  private static let basicPlane = classes(of: 0..<0x10000)

  private static func classes(of values: Range<UInt32>) -> [UInt8] {
    values.map { value in Unicode.Scalar(value).map { ScalarClass(of: $0).rawValue } ?? 0 }
  }

  /// The class of the scalar with this value; empty for a value that is no scalar.
  static func of(_ value: UInt32) -> ScalarClass {
    if value < 0x800 { return ScalarClass(rawValue: firstScalars[Int(value)]) }
    if value < 0x10000 { return ScalarClass(rawValue: basicPlane[Int(value)]) }
    return Unicode.Scalar(value).map(ScalarClass.init(of:)) ?? []
  }
}

/// The ASCII part of `ScalarClass`, as arithmetic.
enum ASCII {
  /// Whether this is a letter, a digit or `_`.
  @inline(__always)
  static func isWord(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x5F
  }

  @inline(__always)
  static func isLetter(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- 0x61 < 26
  }

  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool {
    byte &- 0x30 < 10
  }

  /// Whether this is a blank, a tab, a line feed, a vertical tab, a form feed or a carriage return.
  @inline(__always)
  static func isWhiteSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte &- 0x09 < 5
  }
}
