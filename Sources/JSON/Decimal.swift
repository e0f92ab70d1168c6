/// A literal taken apart: ± significand · 10^exponent, the significand without trailing zeros.
struct Decimal {
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
    guard let shifted = Self.scaled(significand, byPowerOfTen: zeroCount + 1) else { return false }
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
