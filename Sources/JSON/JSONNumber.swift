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
    if description.hasSuffix(".0") { return String(description.dropLast(2)) }
    guard let mark = description.utf8.firstIndex(of: UInt8(ascii: "e")) else { return description }
    var mantissa = description[..<mark]
    if mantissa.hasSuffix(".0") { mantissa = mantissa.dropLast(2) }
    let exponent = description[mark...].dropFirst()
    let digits = exponent.drop { $0 == "+" || $0 == "-" || $0 == "0" }
    return "\(mantissa)e\(exponent.hasPrefix("-") ? "-" : "")\(digits)"
  }
}

/// A literal taken apart: ± significand · 10^exponent, the significand without trailing zeros.
private struct Decimal {
  private var isNegative = false
  private var significand: UInt64 = 0
  private var exponent = 0

  /// Nil when the significand has more digits than a `UInt64` holds; such a number is no `Int`, as its last digit is
  /// not zero.
  init?(_ literal: String) {
    var heldZeroCount = 0
    var fractionDigitCount = 0
    var isInFraction = false
    var bytes = literal.utf8.makeIterator()
    while let byte = bytes.next() {
      switch byte {
      case UInt8(ascii: "-"): isNegative = true
      case UInt8(ascii: "."): isInFraction = true
      case UInt8(ascii: "e"), UInt8(ascii: "E"): exponent = Self.exponent(&bytes)
      case UInt8(ascii: "0"):
        heldZeroCount += 1
        if isInFraction { fractionDigitCount += 1 }
      default:
        if isInFraction { fractionDigitCount += 1 }
        guard push(digit: byte - UInt8(ascii: "0"), afterZeros: heldZeroCount) else { return nil }
        heldZeroCount = 0
      }
    }
    exponent += heldZeroCount - fractionDigitCount
  }

  var int: Int? {
    guard significand != 0 else { return 0 }
    guard exponent >= 0, let magnitude = Self.scaled(significand, byPowerOfTen: exponent) else { return nil }
    return isNegative ? Int(exactly: -Int128(magnitude)) : Int(exactly: magnitude)
  }

  /// Puts zeros and then one digit behind the significand; false when it overflows.
  private mutating func push(digit: UInt8, afterZeros zeroCount: Int) -> Bool {
    guard significand != 0 || digit != 0 else { return true }
    guard let shifted = Self.scaled(significand, byPowerOfTen: significand == 0 ? 0 : zeroCount + 1) else {
      return false
    }
    let (sum, overflow) = shifted.addingReportingOverflow(UInt64(digit))
    significand = sum
    return !overflow
  }

  /// Nil on overflow; stops at the first one, however large the power.
  private static func scaled(_ value: UInt64, byPowerOfTen power: Int) -> UInt64? {
    var result = value
    for _ in 0..<power {
      let (product, overflow) = result.multipliedReportingOverflow(by: 10)
      guard !overflow else { return nil }
      result = product
    }
    return result
  }

  /// The rest of a literal after its `e`, held within ±2⁴⁰: beyond every literal's count of digits, far from overflow.
  private static func exponent(_ bytes: inout String.UTF8View.Iterator) -> Int {
    let bound = 1 << 40
    var isNegative = false
    var magnitude = 0
    while let byte = bytes.next() {
      switch byte {
      case UInt8(ascii: "-"): isNegative = true
      case UInt8(ascii: "+"): break
      default: magnitude = min(magnitude * 10 + Int(byte - UInt8(ascii: "0")), bound)
      }
    }
    return isNegative ? -magnitude : magnitude
  }
}
