import Testing

@testable import JSON

/// RFC 8259's corner cases: the values that accepted texts must have, and every byte where the grammar draws a line.
@Suite("JSON's grammar")
struct JSONGrammarTests {
  /// A text and the value that it must have, which is made without the parser.
  struct Meaning: CustomTestStringConvertible, Sendable {
    let text: String
    let value: JSONValue

    init(_ text: String, _ value: JSONValue) { (self.text, self.value) = (text, value) }

    var testDescription: String { text.count < 60 ? text : "\(text.prefix(60))…" }
  }

  @Test("A text has the value that its grammar gives it", arguments: meanings)
  func meaning(_ meaning: Meaning) throws {
    #expect(try JSONValue.parse(meaning.text) == meaning.value)
    // Wherever it stands, and whatever blanks are around it.
    let blank = " \t\r\n"
    #expect(try JSONValue.parse(blank + meaning.text + blank) == meaning.value)
    #expect(try JSONValue.parse("[\(meaning.text),\(blank)\(meaning.text)]") == [meaning.value, meaning.value])
    #expect(try JSONValue.parse(#"{"a":\#(meaning.text)\#(blank),"b":\#(meaning.text)}"#)["b"] == meaning.value)
  }

  static let meanings: [Meaning] =
    [
      // Lone values.
      Meaning("null", .null), Meaning("true", .bool(true)), Meaning("false", .bool(false)), Meaning("0", 0),
      Meaning("\"\"", ""), Meaning("[]", []), Meaning("{}", [:]),
      // Strings.
      Meaning(#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{C}\n\r\t")), Meaning(#""\u0000""#, .string("\0")),
      Meaning(#""\u001F\u001f""#, .string("\u{1F}\u{1F}")), Meaning(#""a\u0000b""#, .string("a\0b")),
      Meaning(#""\u0022\u005C\u002F""#, .string("\"\\/")), Meaning(#""\\u0041""#, .string("\\u0041")),
      Meaning(#""\uD834\uDD1E""#, .string("\u{1D11E}")), Meaning(#""\uDBFF\uDFFF""#, .string("\u{10FFFF}")),
      Meaning(#""\uFEFF""#, .string("\u{FEFF}")), Meaning("\"\u{FEFF}\"", .string("\u{FEFF}")),
      Meaning(#""\u2028\u2029""#, .string("\u{2028}\u{2029}")), Meaning("\"\u{2028}\"", .string("\u{2028}")),
      Meaning(#""\uFFFF\uFFFE""#, .string("\u{FFFF}\u{FFFE}")), Meaning("\"\u{10FFFF}\"", .string("\u{10FFFF}")),
      Meaning("\"\u{7F}\u{80}\"", .string("\u{7F}\u{80}")), Meaning(#""e\u0301""#, .string("e\u{301}")),
      Meaning(#""[1,{\"a\":null}]""#, .string(#"[1,{"a":null}]"#)), Meaning("\"\u{A0}\"", .string("\u{A0}")),
      // Arrays and objects.
      Meaning("[[],[[]],{}]", [[], [[]], [:]]), Meaning("[null,1,\"\",false]", [.null, 1, "", false]),
      Meaning(#"{"":{"":[""]}}"#, ["": ["": [""]]]), Meaning(#"{"\u0061":1,"A":2}"#, ["a": 1, "A": 2]),
      Meaning(#"{"a\u0000b":1,"a":2}"#, ["a\0b": 1, "a": 2]), Meaning(#"{"a":{"a":{}}}"#, ["a": ["a": [:]]]),
    ]

  /// A number's text, and what it is as a whole number and as a double.
  static let numbers: [(text: String, int: Int?, double: Double?)] = [
    ("-0", 0, -0.0), ("0", 0, 0), ("-0.0", 0, -0.0), ("0e0", 0, 0), ("0E+1", 0, 0), ("-0e-1", 0, -0.0),
    ("1E2", 100, 100),
    ("1e+2", 100, 100), ("1e-2", nil, 0.01), ("1.0", 1, 1), ("-1.5", nil, -1.5),
    ("123456789012", 123_456_789_012, 123_456_789_012),
    ("9223372036854775807", .max, 0x1p63),
    ("-9223372036854775808", .min, -9_223_372_036_854_775_808),
    ("9223372036854775808", nil, 9_223_372_036_854_775_808), ("1e-400", nil, 0), ("-1e-400", nil, -0.0),
    ("1e400", nil, nil),
    ("-1e400", nil, nil), ("1e00000000000000000002", 100, 100), ("0e99999999999999999999", 0, 0),
    ("1e99999999999999999999", nil, nil), ("1e-99999999999999999999", nil, 0), ("0.1e1", 1, 1),
    ("5e-324", nil, .leastNonzeroMagnitude),
    ("2e-324", nil, 0), ("1.7976931348623157e308", nil, .greatestFiniteMagnitude), ("1.8e308", nil, nil),
    ("0.30000000000000004", nil, 0.1 + 0.2), ("100000000000000000000e-18", 100, 100),
  ]

  @Test("A number is what its digits say, the sign of zero included, or is told not to fit", arguments: numbers)
  func number(text: String, int: Int?, double: Double?) throws {
    let value = try JSONValue.parse(text)
    #expect(value.int == int)
    #expect(value.double?.bitPattern == double?.bitPattern)
    #expect(value.description == text, "a number is not rewritten")
  }

  private func parsed(_ bytes: [UInt8]) -> JSONValue? { try? JSONValue.parse(bytes) }

  private func isAccepted(_ bytes: [UInt8]) -> Bool { parsed(bytes) != nil }

  /// Where blanks may stand, each place a `~`, and what else may.
  static let places: [(text: String, others: String)] = [
    ("~[]", ""), ("[]~", ""), ("[~]", "0123456789"), ("[~1]", "-123456789"), ("[1~]", "0123456789"),
    ("[1~,2]", "0123456789"), ("[1,~2]", "-123456789"), ("{~}", ""), ("{~\"a\":1}", ""), ("{\"a\"~:1}", ""),
    ("{\"a\":~1}", "-123456789"), ("{\"a\":1~}", "0123456789"), ("{\"a\":1,~\"b\":2}", ""), ("{\"a\":[]~}", ""),
  ]

  @Test("Of all bytes only four are blanks, wherever blanks may stand", arguments: places)
  func blanks(text: String, others: String) {
    for byte in UInt8.min...UInt8.max {
      let bytes = text.utf8.map { $0 == UInt8(ascii: "~") ? byte : $0 }
      let isAllowed = [0x20, 0x09, 0x0A, 0x0D].contains(byte) || others.utf8.contains(byte)
      #expect(isAccepted(bytes) == isAllowed, "\(byte)")
    }
  }

  /// What follows the first byte of a value, and the bytes that may be that one; blanks before a value are none.
  static let rests: [(rest: String, first: String)] = [
    ("", "0123456789"), ("0", "-123456789 \t\n\r"), ("ull", "n"), ("rue", "t"), ("alse", "f"), ("\"", "\""), ("]", "["),
    ("}", "{"), (".5", "0123456789"), ("e5", "0123456789"),
  ]

  @Test("Of all bytes only those of a value's beginning begin one", arguments: rests)
  func beginnings(rest: String, first: String) {
    for byte in UInt8.min...UInt8.max {
      #expect(isAccepted([byte] + Array(rest.utf8)) == first.utf8.contains(byte), "\(byte)")
    }
  }

  @Test("Of all bytes behind a backslash eight make an escape, and a u with four hexadecimal digits")
  func escapes() throws {
    let short: [UInt8: String] = [
      0x22: "\"", 0x5C: "\\", 0x2F: "/", 0x62: "\u{8}", 0x66: "\u{C}", 0x6E: "\n", 0x72: "\r", 0x74: "\t",
    ]
    for byte in UInt8.min...UInt8.max {
      let bytes = [0x22, 0x5C, byte, 0x22] as [UInt8]
      #expect(parsed(bytes) == short[byte].map { .string($0) }, "\(byte)")
      // One byte of four in a numbered escape.
      let digit = Character(UnicodeScalar(byte)).hexDigitValue
      let isDigit = byte < 0x80 && digit != nil
      for place in 0..<4 {
        var digits = Array("0041".utf8)
        digits[place] = byte
        let text = [0x22, 0x5C, 0x75] + digits + [0x22]
        // A first digit d begins surrogates only with a second of 8 to f, which is 0 here.
        #expect(isAccepted(text) == isDigit, "\(byte) in place \(place)")
      }
    }
  }

  @Test("Every code unit by its number is its character, or a lone surrogate and refused")
  func numberedEscapes() throws {
    for unit in UInt16.min...UInt16.max where unit % 64 < 2 || unit % 64 > 61 || unit < 0x200 {
      let digits = String(unit, radix: 16)
      let text = "\"\\u" + String(repeating: "0", count: 4 - digits.count) + digits + "\""
      #expect(parsed(Array(text.utf8)) == UnicodeScalar(unit).map { .string(String($0)) }, "\(text)")
    }
  }

  @Test("Of all control characters none may stand in a string as it is, and all others of ASCII may but two")
  func rawCharacters() throws {
    for byte in 0x00...0x7F as ClosedRange<UInt8> {
      let isPlain = byte >= 0x20 && byte != 0x22 && byte != 0x5C
      for text in [[0x22, byte, 0x22], [0x22, 0x61, byte, 0x61, 0x22], Array("\"12345678".utf8) + [byte, 0x22]]
        as [[UInt8]]
      {
        #expect(isAccepted(text) == isPlain, "\(text)")
      }
    }
  }

  @Test("Bytes are UTF-8 in a string just when the standard's table has them, and then are those characters")
  func utf8() throws {
    // Each side of every line that the table draws.
    let edges: [UInt8] = [0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xFF]
    func check(_ body: [UInt8]) throws {
      if body.contains(where: { $0 < 0x20 }) {
        #expect(!isAccepted([0x22] + body + [0x22]), "\(body)")
      } else {
        let expected = Self.decode(body).map { JSONValue.string($0) }
        #expect(parsed([0x22] + body + [0x22]) == expected, "\(body)")
      }
    }
    for lead in 0x80...0xFF as ClosedRange<UInt8> {
      try check([lead])
      for second in edges {
        try check([lead, second])
        for third in edges where lead >= 0xE0 {
          try check([lead, second, third])
          for fourth in [0x41, 0x7F, 0x80, 0xBF, 0xC0] as [UInt8] where lead >= 0xF0 {
            try check([lead, second, third, fourth])
          }
        }
      }
    }
  }

  /// The standard's table 3-7 of well-formed bytes, written down; nil for others.
  private static func decode(_ bytes: [UInt8]) -> String? {
    var scalars = String.UnicodeScalarView()
    var rest = bytes[...]
    while let lead = rest.popFirst() {
      let (count, seconds): (Int, ClosedRange<UInt8>)
      switch lead {
      case 0x00...0x7F: (count, seconds) = (0, 0x80...0xBF)
      case 0xC2...0xDF: (count, seconds) = (1, 0x80...0xBF)
      case 0xE0: (count, seconds) = (2, 0xA0...0xBF)
      case 0xED: (count, seconds) = (2, 0x80...0x9F)
      case 0xE1...0xEF: (count, seconds) = (2, 0x80...0xBF)
      case 0xF0: (count, seconds) = (3, 0x90...0xBF)
      case 0xF1...0xF3: (count, seconds) = (3, 0x80...0xBF)
      case 0xF4: (count, seconds) = (3, 0x80...0x8F)
      default: return nil
      }
      var value = UInt32(lead) & (count == 0 ? 0x7F : 0x3F >> UInt32(count))
      for index in 0..<count {
        guard let next = rest.popFirst(), (index == 0 ? seconds : 0x80...0xBF).contains(next) else { return nil }
        value = value << 6 | UInt32(next & 0x3F)
      }
      guard let scalar = UnicodeScalar(value) else { return nil }
      scalars.append(scalar)
    }
    return String(scalars)
  }

  @Test(
    "One thing too many or too few is refused: commas, colons, values, brackets, comments, other quotation marks",
    arguments: [
      "[1,,2]", "[,1]", "[1,]", "[,]", "[1 2]", "[\"a\" \"b\"]", "[1:2]", "[", "]", "[]]", "[[]", "[}", "{\"a\" 1}",
      "{\"a\":}", "{:1}", "{\"a\"}", "{\"a\",1}", "{\"a\":1,}", "{,\"a\":1}", "{\"a\":1,,\"b\":2}", "{\"a\":1 \"b\":2}",
      "{\"a\"::1}", "{a:1}", "{'a':1}", "{1:1}", "{null:1}", "{[]:1}", "{\"a\":1", "{\"a\":1}}", "{]",
      "{\"a\":1,\"a\":1}",
      "['a']", "[`a`]", "[“a”]", "[a]", "[\"a]", "[a\"]", "\"\\\"", "\"", "/**/1", "1//", "1/**/", "[1/**/,2]", "#\n1",
      "--1",
      "+1", "01", "-01", "1.", ".1", "-.1", "-", "1e", "1e+", "e1", "1.e1", "1.1.1", "0x1", "0b1", "1_0", "1,0", "1 0",
      "NaN", "nan", "-NaN", "Infinity", "-Infinity", "inf", "\u{FF11}", "\u{661}", "\u{2212}1", "True", "TRUE", "nil",
      "None",
      "undefined", "tru", "truee", "true false", "[][]", "{}[]", "1 2", "\"a\"\"b\"", "", " ", "\u{FEFF}1", "\u{C}1",
      "\u{B}1",
      "\u{A0}1", "\u{85}1", "\u{2028}1", "\u{3000}1", "1\0", "\0",
    ])
  func tooManyOrFew(text: String) {
    #expect(throws: JSONError.self) { try JSONValue.parse(text) }
    // Nor within others.
    #expect(throws: JSONError.self) { try JSONValue.parse("[0,[\(text),[]") }
  }
}
