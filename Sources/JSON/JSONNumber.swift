/// A number as it was written: the literal is kept, so nothing is lost before someone asks for a value.
package struct JSONNumber: Equatable, Sendable {
  /// Short whole numbers, which most are, need no text: theirs follows from their value.
  private enum Storage: Equatable {
    /// Within ±`greatestShort`, written without point, exponent or minus zero.
    case short(Int)
    /// Every other literal.
    case literal(String)
  }

  /// The greatest number of eighteen digits.
  static let greatestShort = 999_999_999_999_999_999

  private let storage: Storage

  /// Takes a literal that the caller has checked against the grammar.
  init(checkedLiteral literal: String) {
    // Of what the grammar allows, `Int` reads only plain digits; minus zero must not lose its sign.
    if let value = Int(literal), literal != "-0" {
      self.init(value)
    } else {
      self.init(storage: .literal(literal))
    }
  }

  private init(storage: Storage) { self.storage = storage }

  package init(_ value: Int) {
    let isShort = value.magnitude <= Self.greatestShort
    storage = isShort ? .short(value) : .literal(String(value))
  }

  package init(_ value: some FixedWidthInteger) {
    if let value = Int(exactly: value) {
      self.init(value)
    } else {
      self.init(storage: .literal(String(value)))
    }
  }

  /// The fewest digits that read back as the same double; nil for NaN and infinities, which JSON cannot say.
  package init?(_ value: Double) {
    guard value.isFinite else { return nil }
    self.init(checkedLiteral: Self.shortened(value.description))
  }

  /// The fewest digits that read back as the same `Float`; nil for NaN and infinities, which JSON cannot say.
  package init?(_ value: Float) {
    guard value.isFinite else { return nil }
    self.init(checkedLiteral: Self.shortened(value.description))
  }

  /// What RFC 8259 calls a number, in ASCII: `-0`, `1.0`, `6.02e23`.
  package var literal: String {
    switch storage {
    case .short(let value): String(value)
    case .literal(let literal): literal
    }
  }

  /// Adds the literal.
  func write(to target: inout [UInt8]) {
    switch storage {
    case .short(let value): Self.write(value, to: &target)
    case .literal(let literal): target.append(copying: literal.utf8.span)
    }
  }

  private static func write(_ value: Int, to target: inout [UInt8]) {
    var digits = InlineArray<19, UInt8>(repeating: UInt8(ascii: "-"))
    var start = digits.count
    var rest = value.magnitude
    repeat {
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      start -= 1
      digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
      rest = quotient
    } while rest > 0
    if value < 0 { start -= 1 }
    target.append(copying: digits.span.extracting(start...))
  }

  /// The nearest double, or nil where the number lies beyond a double's range (`1e400`).
  package var double: Double? {
    switch storage {
    case .short(let value): return Double(value)
    case .literal(let literal):
      guard let value = Double(literal), value.isFinite else { return nil }
      return value
    }
  }

  /// The whole number that this is exactly, or nil: `1.0`, `1e2` and `-0` count, `0.5` and `1e30` do not.
  package var int: Int? {
    switch storage {
    case .short(let value): value
    case .literal(let literal): Decimal(literal)?.int
    }
  }

  /// The standard library's shortest form less what JSON can leave out: `1.0` → `1`, `1e+16` → `1e16`, `1e-05` → `1e-5`.
  private static func shortened(_ description: String) -> String {
    let bytes = description.utf8.span
    let mark = bytes.firstOffset(of: UInt8(ascii: "e"), from: 0)
    let hasEmptyFraction = mark > 2 && bytes[mark - 2] == UInt8(ascii: ".") && bytes[mark - 1] == UInt8(ascii: "0")
    guard hasEmptyFraction || mark < bytes.count else { return description }
    let mantissa = Substring(description.utf8.prefix(hasEmptyFraction ? mark - 2 : mark))
    guard mark < bytes.count else { return String(mantissa) }
    let isSmall = bytes[mark + 1] == UInt8(ascii: "-")
    let padding = [UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "0")]
    let exponent = Substring(description.utf8.dropFirst(mark + 1).drop { padding.contains($0) })
    return "\(mantissa)e\(isSmall ? "-" : "")\(exponent)"
  }
}
