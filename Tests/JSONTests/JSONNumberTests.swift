import TestSupport
import Testing

@testable import JSON

@Suite("JSON numbers")
struct JSONNumberTests {
  @Test(
    "A literal that is exactly a whole number gives that number, whatever its form",
    arguments: [
      ("0", 0), ("-0", 0), ("-0.0e5", 0), ("0e999999999999999999999", 0), ("0.000e-99999999999999999999", 0), ("7", 7),
      ("-7", -7), ("1.0", 1), ("-1.000", -1), ("1e2", 100), ("1E+2", 100), ("100e-2", 1), ("1.5e1", 15),
      ("-12.50e2", -1250), ("0.001e3", 1), ("1000000000000000000000000e-24", 1),
      ("9007199254740993", 9_007_199_254_740_993),
      ("9223372036854775807", .max), ("-9223372036854775808", .min), ("9223372036854775807.0", .max),
      ("-9.223372036854775808e18", .min), ("922337203685477580700e-2", .max), ("1e18", 1_000_000_000_000_000_000),
    ])
  func int(literal: String, expected: Int) throws {
    #expect(try JSONValue.parse(literal).int == expected)
  }

  @Test(
    "A literal that is no whole number, or one beyond 64 bits, gives no whole number",
    arguments: [
      "0.5", "-0.1", "1e-1", "1.0000000000000000000000001", "9223372036854775808", "-9223372036854775809", "1e19",
      "-1e19",
      "1e30", "1e400", "1e999999999999999999999", "-1e999999999999999999999", "1e-999999999999999999999",
      "18446744073709551616", "18446744073709551617", "36893488147419103233", "1844674407370955161600e-2",
      "99999999999999999999999999999999.5", "9223372036854775807.5",
    ])
  func noInt(literal: String) throws {
    #expect(try JSONValue.parse(literal).int == nil)
  }

  @Test(
    "A literal gives the nearest double",
    arguments: [
      ("0", 0.0), ("1", 1), ("0.1", 0.1), ("-2.5e-3", -0.0025), ("1e22", 1e22), ("1e-400", 0), ("1e308", 1e308),
      ("9007199254740993", 9_007_199_254_740_992), ("1.7976931348623157e308", .greatestFiniteMagnitude),
      ("2.2250738585072014e-308", .leastNormalMagnitude), ("4.9e-324", .leastNonzeroMagnitude),
    ])
  func double(literal: String, expected: Double) throws {
    #expect(try JSONValue.parse(literal).double == expected)
  }

  @Test("A number beyond a double's range gives none", arguments: ["1e309", "-1e400", "1e999999999999999999999"])
  func noDouble(literal: String) throws {
    #expect(try JSONValue.parse(literal).double == nil)
  }

  @Test("Numbers are equal when their literals are, whatever they were made from")
  func equality() throws {
    for value in [0, 7, -7, 999_999_999_999_999_999, -999_999_999_999_999_999, 1_000_000_000_000_000_000, .max, .min] {
      #expect(try JSONValue.parse("\(value)") == JSONValue(value))
      #expect(JSONValue(value).description == "\(value)")
      #expect(try JSONValue.parse("\(value)").number?.literal == "\(value)")
    }
    #expect(JSONValue(finite: 100_000.0) == 100_000)
    #expect(JSONValue(finite: -3 as Float) == -3)
    #expect(JSONValue(UInt64.max).description == "18446744073709551615")
    #expect(try JSONValue.parse("1.0") != 1)
    #expect(try JSONValue.parse("-0") != 0)
    #expect(try JSONValue.parse("1e2") != 100)
  }

  @Test("Minus zero keeps its sign as a double")
  func minusZero() throws {
    #expect(try JSONValue.parse("-0").double?.sign == .minus)
    #expect(JSONValue(finite: -0.0).description == "-0")
  }

  @Test("A literal of a hundred thousand digits is read without delay or overflow")
  func longLiterals() throws {
    let zeros = String(repeating: "0", count: 100_000)
    #expect(try JSONValue.parse("1\(zeros)e-100000").int == 1)
    #expect(try JSONValue.parse("0.\(zeros)1e100001").int == 1)
    #expect(try JSONValue.parse("0.\(zeros)1e100001").double == 1)
    #expect(try JSONValue.parse("1\(zeros)").double == nil)
    #expect(try JSONValue.parse("1\(zeros)").int == nil)
  }

  @Test(
    "A double is written with the fewest characters that the grammar allows",
    arguments: [
      (0.0, "0"), (1.0, "1"), (-1.0, "-1"), (0.1, "0.1"), (2.5, "2.5"), (100.0, "100"), (1e15, "1000000000000000"),
      (1e16, "1e16"), (1.5e16, "1.5e16"), (1e22, "1e22"), (1e300, "1e300"), (1e-5, "1e-5"), (1.25e-7, "1.25e-7"),
      (1e-100, "1e-100"), (0.0001, "0.0001"), (1.0 / 3, "0.3333333333333333"), (.leastNonzeroMagnitude, "5e-324"),
      (.greatestFiniteMagnitude, "1.7976931348623157e308"), (.pi, "3.141592653589793"),
    ])
  func shortestDouble(value: Double, expected: String) {
    #expect(JSONNumber(value)?.literal == expected)
  }

  @Test(
    "A float is written with the digits that tell it from other floats, not from other doubles",
    arguments: [
      (Float(0.1), "0.1"), (1.0 / 3, "0.33333334"), (16_777_216, "16777216"), (1e10, "1e10"), (1e-10, "1e-10"),
      (.greatestFiniteMagnitude, "3.4028235e38"), (.leastNonzeroMagnitude, "1e-45"),
    ])
  func shortestFloat(value: Float, expected: String) {
    #expect(JSONNumber(value)?.literal == expected)
  }

  @Test("Values that are not finite are null", arguments: [Double.nan, .infinity, -.infinity, .signalingNaN])
  func notFinite(value: Double) {
    #expect(JSONNumber(value) == nil)
    #expect(JSONValue(finite: value) == .null)
    #expect(JSONNumber(Float(value)) == nil)
    #expect(JSONValue(finite: Float(value)) == .null)
  }

  @Test("Random doubles, floats and integers are read back bit for bit from what is written", arguments: UInt64(1)...3)
  func randomRoundTrip(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<2000 {
      let bits = generator.next()
      let double = Double(bitPattern: bits)
      let float = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
      let int = Int(truncatingIfNeeded: bits) >> Int(bits % 64)
      let texts = [JSONValue(finite: double).description, JSONValue(finite: float).description, "\(JSONValue(int))"]
      let values = try texts.map { try JSONValue.parse($0) }
      let isSame =
        (!double.isFinite || values[0].double?.bitPattern == bits)
        && (!float.isFinite || values[1].number.flatMap { Float($0.literal) }?.bitPattern == float.bitPattern)
        && values[2].int == int
      #expect(isSame, "seed \(seed), texts \(texts)")
    }
  }
}
