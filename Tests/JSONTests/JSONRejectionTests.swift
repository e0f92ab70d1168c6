import Testing

@testable import JSON

/// Bytes that no RFC 8259 parser may accept, and the error that they must give.
struct RejectedText: CustomTestStringConvertible, Sendable {
  let name: String
  let bytes: [UInt8]
  let error: JSONError

  init(_ name: String, _ bytes: [UInt8], _ error: JSONError) {
    self.name = name
    self.bytes = bytes
    self.error = error
  }

  init(_ name: String, _ text: String, _ error: JSONError) { self.init(name, Array(text.utf8), error) }

  /// A text in which a value, or what `expected` says, should stand at `offset`.
  init(_ name: String, _ text: String, at offset: Int, found: JSONError.Found, expected: String = "a value") {
    self.init(name, text, .unexpected(found: found, expected: expected, offset: offset))
  }

  /// A string whose body is no UTF-8 from the given offset in the whole text on.
  init(_ name: String, body: [UInt8], invalidAt offset: Int) {
    self.init(name, [0x22] + body + [0x22], .invalidUTF8(offset: offset))
  }

  var testDescription: String { name }
}

@Suite("JSON texts that are rejected")
struct JSONRejectionTests {
  @Test("An invalid text is rejected with the offset and the reason", arguments: Self.all)
  func rejected(_ rejected: RejectedText) {
    #expect(throws: rejected.error) { try JSONValue.parse(rejected.bytes) }
    #expect((0...rejected.bytes.count).contains(rejected.error.offset))
  }

  @Test("The tables hold more than a hundred invalid texts")
  func count() {
    #expect(Self.all.count > 100)
  }

  @Test("Every proper beginning of a valid text is rejected where it ends")
  func everyBeginning() throws {
    let text = Array(#"{"a\n\ud83d\ude00é":[1.5e-3,true,false,null,{"b":"c"}],"d":""}"#.utf8)
    _ = try JSONValue.parse(text)
    for count in text.indices {
      let error = #expect(throws: JSONError.self) { try JSONValue.parse(Array(text.prefix(count))) }
      #expect(error?.offset == count)
    }
  }

  @Test("An error never repeats the text", arguments: Self.all)
  func privacy(_ rejected: RejectedText) {
    // The table's long words stand for a user's text.
    for word in ["secret", "naïve", "undefined", "Infinity"] {
      #expect(!"\(rejected.error)".contains(word))
    }
  }

  static let all = ends + commas + words + numbers + quoting + escapes + encoding + names + nesting + extras

  static let ends = [
    RejectedText("nothing", "", at: 0, found: .endOfInput),
    RejectedText("blanks only", " \n\t ", at: 4, found: .endOfInput),
    RejectedText("an open array", "[", at: 1, found: .endOfInput),
    RejectedText("an open array behind an element", "[1", at: 2, found: .endOfInput, expected: "a comma or ']'"),
    RejectedText("an open array behind a comma", "[1,", at: 3, found: .endOfInput),
    RejectedText("an open object", "{", at: 1, found: .endOfInput, expected: "a name in quotation marks"),
    RejectedText("an open object behind a name", #"{"a""#, at: 4, found: .endOfInput, expected: "a colon"),
    RejectedText("an open object behind a colon", #"{"a":"#, at: 5, found: .endOfInput),
    RejectedText("an open object behind a value", #"{"a":1"#, at: 6, found: .endOfInput, expected: "a comma or '}'"),
    RejectedText("a closing bracket alone", "]", at: 0, found: .structural("]")),
    RejectedText("a closing brace alone", "}", at: 0, found: .structural("}")),
    RejectedText("an array closed by a brace", "[1}", at: 2, found: .structural("}"), expected: "a comma or ']'"),
    RejectedText(
      "an object closed by a bracket", #"{"a":1]"#, at: 6, found: .structural("]"), expected: "a comma or '}'"),
    RejectedText("an inner array left open", "[[1]", at: 4, found: .endOfInput, expected: "a comma or ']'"),
  ]

  static let commas = [
    RejectedText("a trailing comma in an array", "[1,]", at: 3, found: .structural("]")),
    RejectedText(
      "a trailing comma in an object", #"{"a":1,}"#, at: 7, found: .structural("}"),
      expected: "a name in quotation marks"),
    RejectedText("a leading comma in an array", "[,1]", at: 1, found: .structural(",")),
    RejectedText(
      "a leading comma in an object", #"{,"a":1}"#, at: 1, found: .structural(","),
      expected: "a name in quotation marks"),
    RejectedText("two commas in an array", "[1,,2]", at: 3, found: .structural(",")),
    RejectedText(
      "two commas in an object", #"{"a":1,,"b":2}"#, at: 7, found: .structural(","),
      expected: "a name in quotation marks"),
    RejectedText("a comma alone in an array", "[,]", at: 1, found: .structural(",")),
    RejectedText("no comma in an array", "[1 2]", at: 3, found: .digit, expected: "a comma or ']'"),
    RejectedText(
      "no comma in an object", #"{"a":1 "b":2}"#, at: 7, found: .structural("\""), expected: "a comma or '}'"),
    RejectedText("no comma between arrays", "[[][]]", at: 3, found: .structural("["), expected: "a comma or ']'"),
    RejectedText("a colon in an array", "[1:2]", at: 2, found: .structural(":"), expected: "a comma or ']'"),
    RejectedText("a semicolon in an array", "[1;2]", at: 2, found: .otherASCII, expected: "a comma or ']'"),
    RejectedText("a comma behind the text", "1,", at: 1, found: .structural(","), expected: "the end of the text"),
  ]

  static let words = [
    RejectedText("a word in capitals", "NULL", at: 0, found: .letter),
    RejectedText("True", "True", at: 0, found: .letter),
    RejectedText("half of null", "nul", at: 3, found: .endOfInput, expected: "the word null"),
    RejectedText("half of true", "[tru]", at: 4, found: .structural("]"), expected: "the word true"),
    RejectedText("half of false", "fals ", at: 4, found: .blank, expected: "the word false"),
    RejectedText("a letter too many", "nulll", at: 4, found: .letter, expected: "the end of the text"),
    RejectedText("two words", "true false", at: 5, found: .letter, expected: "the end of the text"),
    RejectedText("NaN", "NaN", at: 0, found: .letter),
    RejectedText("-NaN", "-NaN", at: 1, found: .letter, expected: "a digit"),
    RejectedText("Infinity", "[Infinity]", at: 1, found: .letter),
    RejectedText("-Infinity", "[-Infinity]", at: 2, found: .letter, expected: "a digit"),
    RejectedText("nan", "nan", at: 1, found: .letter, expected: "the word null"),
    RejectedText("undefined", "undefined", at: 0, found: .letter),
    RejectedText("a word without quotation marks", "[secret]", at: 1, found: .letter),
    RejectedText("a word outside ASCII", "é", at: 0, found: .nonASCII),
    RejectedText("an asterisk", "[*]", at: 1, found: .otherASCII),
    RejectedText("a null byte", [0x00], .unexpected(found: .controlCharacter, expected: "a value", offset: 0)),
  ]

  static let numbers = [
    RejectedText("a minus alone", "-", at: 1, found: .endOfInput, expected: "a digit"),
    RejectedText("a minus and a blank", "- 1", at: 1, found: .blank, expected: "a digit"),
    RejectedText("two minuses", "--1", at: 1, found: .otherASCII, expected: "a digit"),
    RejectedText("a plus", "+1", at: 0, found: .otherASCII),
    RejectedText("a leading zero", "01", .leadingZero(offset: 1)),
    RejectedText("a leading zero behind a minus", "-01", .leadingZero(offset: 2)),
    RejectedText("two zeros", "[00]", .leadingZero(offset: 2)),
    RejectedText("a leading zero before a fraction", "00.5", .leadingZero(offset: 1)),
    RejectedText("no digit before the point", ".5", at: 0, found: .otherASCII),
    RejectedText("no digit between minus and point", "-.5", at: 1, found: .otherASCII, expected: "a digit"),
    RejectedText("no digit behind the point", "1.", at: 2, found: .endOfInput, expected: "a digit"),
    RejectedText("no digit between point and exponent", "1.e1", at: 2, found: .letter, expected: "a digit"),
    RejectedText("two points", "1.2.3", at: 3, found: .otherASCII, expected: "the end of the text"),
    RejectedText("no digit in the exponent", "1e", at: 2, found: .endOfInput, expected: "a digit"),
    RejectedText("no digit behind the exponent's sign", "1e+", at: 3, found: .endOfInput, expected: "a digit"),
    RejectedText("two signs in the exponent", "1e+-1", at: 3, found: .otherASCII, expected: "a digit"),
    RejectedText("two exponents", "1e1e1", at: 3, found: .letter, expected: "the end of the text"),
    RejectedText("a point in the exponent", "1e1.5", at: 3, found: .otherASCII, expected: "the end of the text"),
    RejectedText("an exponent alone", "e5", at: 0, found: .letter),
    RejectedText("a zero and an empty exponent", "[0e]", at: 3, found: .structural("]"), expected: "a digit"),
    RejectedText("a hexadecimal number", "0x1F", at: 1, found: .letter, expected: "the end of the text"),
    RejectedText("a blank in a number", "1 000", at: 2, found: .digit, expected: "the end of the text"),
    RejectedText("an underscore in a number", "1_000", at: 1, found: .otherASCII, expected: "the end of the text"),
    RejectedText("a letter behind a number", "[1a]", at: 2, found: .letter, expected: "a comma or ']'"),
    RejectedText("digits outside ASCII", "\u{FF11}", at: 0, found: .nonASCII),
    RejectedText(
      "a digit outside ASCII behind a digit", "1\u{0661}", at: 1, found: .nonASCII, expected: "the end of the text"),
    RejectedText("a minus outside ASCII", "\u{2212}1", at: 0, found: .nonASCII),
  ]

  private static let closing = "a quotation mark at the string's end"

  static let quoting = [
    RejectedText("a quotation mark alone", "\"", at: 1, found: .endOfInput, expected: closing),
    RejectedText("an open string", #""secret"#, at: 7, found: .endOfInput, expected: closing),
    RejectedText("an open string in an array", #"["secret]"#, at: 9, found: .endOfInput, expected: closing),
    RejectedText("an escaped closing mark", #""secret\""#, at: 9, found: .endOfInput, expected: closing),
    RejectedText("a backslash at the end", #""secret\"#, at: 8, found: .endOfInput, expected: closing),
    RejectedText("single quotation marks", "'secret'", at: 0, found: .otherASCII),
    RejectedText("typographic quotation marks", "“secret”", at: 0, found: .nonASCII),
    RejectedText("back quotation marks", "`secret`", at: 0, found: .otherASCII),
    RejectedText("an open name", #"{"secret:1}"#, at: 11, found: .endOfInput, expected: closing),
    RejectedText(
      "two strings side by side", #"["a" "b"]"#, at: 5, found: .structural("\""), expected: "a comma or ']'"),
    RejectedText("a raw line end", "\"naïve\nsecret\"", .controlCharacter(offset: 7)),
    RejectedText("a raw carriage return", "\"a\r\"", .controlCharacter(offset: 2)),
    RejectedText("a raw tab", "\"\t\"", .controlCharacter(offset: 1)),
    RejectedText("a raw null character", "\"a\u{0}b\"", .controlCharacter(offset: 2)),
    RejectedText("a raw escape character", "[\"\u{1B}[0m\"]", .controlCharacter(offset: 2)),
    RejectedText("a raw unit separator behind eight letters", "\"12345678\u{1F}\"", .controlCharacter(offset: 9)),
    RejectedText("a raw line end in a name", "{\"a\n\":1}", .controlCharacter(offset: 3)),
  ]

  private static let letters = "one of \" \\ / b f n r t u after a backslash"
  private static let hexadecimal = "four hexadecimal digits after \\u"

  static let escapes = [
    RejectedText("an unknown escape", #""\a""#, at: 2, found: .letter, expected: letters),
    RejectedText("an escape in capitals", #""\N""#, at: 2, found: .letter, expected: letters),
    RejectedText("an octal escape", #""\012""#, at: 2, found: .digit, expected: letters),
    RejectedText("a hexadecimal escape of two digits", #""\x41""#, at: 2, found: .letter, expected: letters),
    RejectedText("an escaped apostrophe", #""\'""#, at: 2, found: .otherASCII, expected: letters),
    RejectedText("an escaped blank", #""\ ""#, at: 2, found: .blank, expected: letters),
    RejectedText("an escaped line end", "\"\\\n\"", at: 2, found: .controlCharacter, expected: letters),
    RejectedText("an escaped null byte", "\"\\\u{0}\"", at: 2, found: .controlCharacter, expected: letters),
    RejectedText("an escaped letter outside ASCII", #""\é""#, at: 2, found: .nonASCII, expected: letters),
    RejectedText("a capital U", #""\U0061""#, at: 2, found: .letter, expected: letters),
    RejectedText("an unknown escape behind a known one", #""\n\q""#, at: 4, found: .letter, expected: letters),
    RejectedText("a number of no digits", #""\u""#, at: 3, found: .structural("\""), expected: hexadecimal),
    RejectedText("a number of three digits", #""\u00e""#, at: 6, found: .structural("\""), expected: hexadecimal),
    RejectedText("a number with a letter beyond f", #""\u00eg""#, at: 6, found: .letter, expected: hexadecimal),
    RejectedText("a number with a sign", #""\u+0e9""#, at: 3, found: .otherASCII, expected: hexadecimal),
    RejectedText("a number with a blank", #""\u 0e9""#, at: 3, found: .blank, expected: hexadecimal),
    RejectedText("a number in braces", #""\u{e9}""#, at: 3, found: .structural("{"), expected: hexadecimal),
    RejectedText("digits outside ASCII in a number", "\"\\u\u{FF11}\"", at: 3, found: .nonASCII, expected: hexadecimal),
    RejectedText("a first half alone", #""\ud83d""#, .loneSurrogate(offset: 1)),
    RejectedText("a second half alone", #""\ude00""#, .loneSurrogate(offset: 1)),
    RejectedText("a first half before a letter", #""\ud83dx""#, .loneSurrogate(offset: 1)),
    RejectedText("a first half before another escape", #""\ud83d\n""#, .loneSurrogate(offset: 1)),
    RejectedText("a first half before a plain number", #""\ud83d\u0061""#, .loneSurrogate(offset: 1)),
    RejectedText("two first halves", #""\ud83d\ud83d\ude00""#, .loneSurrogate(offset: 1)),
    RejectedText("halves in the wrong order", #""\ude00\ud83d""#, .loneSurrogate(offset: 1)),
    RejectedText("a second half behind a pair", #""\ud83d\ude00\ude00""#, .loneSurrogate(offset: 13)),
    RejectedText("the lowest surrogate", #""\ud800""#, .loneSurrogate(offset: 1)),
    RejectedText("the highest surrogate", #""\udfff""#, .loneSurrogate(offset: 1)),
    RejectedText("half a second half", #""\ud83d\ude""#, at: 11, found: .structural("\""), expected: hexadecimal),
    RejectedText("a lone half in a name", #"{"\ud83d":1}"#, .loneSurrogate(offset: 2)),
    RejectedText("an escape outside strings", #"[\n]"#, at: 1, found: .otherASCII),
  ]

  static let encoding = [
    RejectedText("a byte order mark", [0xEF, 0xBB, 0xBF, 0x31], .byteOrderMark),
    RejectedText("a byte order mark alone", [0xEF, 0xBB, 0xBF], .byteOrderMark),
    RejectedText(
      "UTF-16", [0xFE, 0xFF, 0x00, 0x31], .unexpected(found: .nonASCII, expected: "a value", offset: 0)),
    RejectedText(
      "UTF-16 without a mark", [0x31, 0x00],
      .unexpected(found: .controlCharacter, expected: "the end of the text", offset: 1)),
    RejectedText("a continuation byte alone", body: [0x80], invalidAt: 1),
    RejectedText("a continuation byte too many", body: [0xC3, 0xA9, 0xA9], invalidAt: 3),
    RejectedText("a lead byte of two alone", body: [0xC3], invalidAt: 1),
    RejectedText("a lead byte of two before a letter", body: [0x61, 0xC3, 0x61], invalidAt: 2),
    RejectedText("a lead byte of three and one more", body: [0xE2, 0x82], invalidAt: 1),
    RejectedText("a lead byte of four and two more", body: [0xF0, 0x9F, 0x98], invalidAt: 1),
    RejectedText("an overlong slash in two bytes", body: [0xC0, 0xAF], invalidAt: 1),
    RejectedText("an overlong slash in three bytes", body: [0xE0, 0x80, 0xAF], invalidAt: 1),
    RejectedText("an overlong slash in four bytes", body: [0xF0, 0x80, 0x80, 0xAF], invalidAt: 1),
    RejectedText("an overlong null character", body: [0xC0, 0x80], invalidAt: 1),
    RejectedText("an overlong quotation mark", body: [0xC0, 0xA2], invalidAt: 1),
    RejectedText("the greatest overlong in two bytes", body: [0xC1, 0xBF], invalidAt: 1),
    RejectedText("the greatest overlong in three bytes", body: [0xE0, 0x9F, 0xBF], invalidAt: 1),
    RejectedText("a surrogate in UTF-8", body: [0xED, 0xA0, 0x80], invalidAt: 1),
    RejectedText("a surrogate pair in UTF-8", body: [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80], invalidAt: 1),
    RejectedText("beyond the last code point", body: [0xF4, 0x90, 0x80, 0x80], invalidAt: 1),
    RejectedText("a lead byte of five", body: [0xF8, 0x88, 0x80, 0x80, 0x80], invalidAt: 1),
    RejectedText("the byte FE", body: [0xFE], invalidAt: 1),
    RejectedText("the byte FF", body: [0x61, 0x62, 0x63, 0xFF], invalidAt: 4),
    RejectedText("Latin-1", body: Array("caf".utf8) + [0xE9], invalidAt: 4),
    RejectedText("a broken letter behind an escape", body: Array(#"\n"#.utf8) + [0xE9], invalidAt: 3),
    RejectedText("a letter broken by an escape", body: [0xC3] + Array(#"\u00a9"#.utf8), invalidAt: 1),
    RejectedText("a broken letter in a long text", body: Array(repeating: 0x61, count: 99) + [0xA9], invalidAt: 100),
  ]

  static let names = [
    RejectedText(
      "a name without quotation marks", "{secret:1}", at: 1, found: .letter, expected: "a name in quotation marks"),
    RejectedText("a number as a name", "{1:1}", at: 1, found: .digit, expected: "a name in quotation marks"),
    RejectedText("null as a name", "{null:1}", at: 1, found: .letter, expected: "a name in quotation marks"),
    RejectedText("an array as a name", "{[]:1}", at: 1, found: .structural("["), expected: "a name in quotation marks"),
    RejectedText("a name without a value", #"{"a"}"#, at: 4, found: .structural("}"), expected: "a colon"),
    RejectedText("a name with a comma", #"{"a",1}"#, at: 4, found: .structural(","), expected: "a colon"),
    RejectedText("a name with an equals sign", #"{"a"=1}"#, at: 4, found: .otherASCII, expected: "a colon"),
    RejectedText("a colon without a value", #"{"a":}"#, at: 5, found: .structural("}")),
    RejectedText("two colons", #"{"a"::1}"#, at: 5, found: .structural(":")),
    RejectedText("a name twice", #"{"a":1,"a":1}"#, .duplicateName(offset: 7)),
    RejectedText("an empty name twice", #"{"":1,"":2}"#, .duplicateName(offset: 6)),
    RejectedText("a name twice, not side by side", #"{"a":1,"b":2,"a":3}"#, .duplicateName(offset: 13)),
    RejectedText("a name twice, once escaped", #"{"a":1,"\u0061":2}"#, .duplicateName(offset: 7)),
    RejectedText("a name twice in an inner object", #"[{"b":{"a":1,"a":2}}]"#, .duplicateName(offset: 13)),
  ]

  static let nesting = [
    RejectedText(
      "arrays one deeper than the limit", String(repeating: "[", count: 65) + String(repeating: "]", count: 65),
      .nestingTooDeep(limit: 64, offset: 64)),
    RejectedText(
      "objects one deeper than the limit", String(repeating: #"{"a":"#, count: 65),
      .nestingTooDeep(limit: 64, offset: 64 * 5)),
    RejectedText(
      "a hundred thousand arrays", String(repeating: "[", count: 100_000), .nestingTooDeep(limit: 64, offset: 64)),
    RejectedText(
      "a hundred thousand objects", String(repeating: #"{"a":"#, count: 100_000),
      .nestingTooDeep(limit: 64, offset: 64 * 5)),
    RejectedText(
      "arrays and objects in turn", String(repeating: #"[{"a":"#, count: 50_000),
      .nestingTooDeep(limit: 64, offset: 32 * 6)),
  ]

  static let extras = [
    RejectedText("two values", "1 2", at: 2, found: .digit, expected: "the end of the text"),
    RejectedText("two objects", "{}{}", at: 2, found: .structural("{"), expected: "the end of the text"),
    RejectedText("a bracket too many", "[]]", at: 2, found: .structural("]"), expected: "the end of the text"),
    RejectedText(
      "a null byte behind the text", "{}\u{0}", at: 2, found: .controlCharacter, expected: "the end of the text"),
    RejectedText("a comment to the line's end", "// secret\n1", at: 0, found: .otherASCII),
    RejectedText("a comment in an array", "[1 /* secret */]", at: 3, found: .otherASCII, expected: "a comma or ']'"),
    RejectedText("a comment behind the text", "1 # secret", at: 2, found: .otherASCII, expected: "the end of the text"),
    RejectedText("a no-break space", "\u{A0}1", at: 0, found: .nonASCII),
    RejectedText("a form feed", "\u{C}1", at: 0, found: .controlCharacter),
    RejectedText("a vertical tab in an array", "[\u{B}1]", at: 1, found: .controlCharacter),
    RejectedText("a line separator", "\u{2028}1", at: 0, found: .nonASCII),
    RejectedText("a zero-width space", "[1\u{200B}]", at: 2, found: .nonASCII, expected: "a comma or ']'"),
  ]
}
