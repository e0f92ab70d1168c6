import Testing

@testable import JSON

/// A text that every RFC 8259 parser must accept, and how it prints.
struct AcceptedText: CustomTestStringConvertible, Sendable {
  let name: String
  let text: String
  let printed: String

  init(_ name: String, _ text: String, prints printed: String? = nil) {
    self.name = name
    self.text = text
    self.printed = printed ?? text
  }

  var testDescription: String { name }
}

@Suite("JSON texts that are accepted")
struct JSONAcceptanceTests {
  @Test("A valid text is accepted and prints as expected", arguments: Self.all)
  func accepted(_ accepted: AcceptedText) throws {
    let value = try JSONValue.parse(accepted.text)
    #expect(value.description == accepted.printed)
    #expect(try JSONValue.parse(value.description) == value)
  }

  @Test("The tables hold more than a hundred valid texts")
  func count() {
    #expect(Self.all.count > 100)
  }

  static let all = values + numbers + strings + escapes + arrays + objects + blanks

  static let values = [
    AcceptedText("null", "null"),
    AcceptedText("true", "true"),
    AcceptedText("false", "false"),
    AcceptedText("a lonely digit", "7"),
    AcceptedText("a lonely string", #""word""#),
    AcceptedText("a lonely empty string", #""""#),
    AcceptedText("an empty array", "[]"),
    AcceptedText("an empty object", "{}"),
  ]

  static let numbers = [
    "0", "-0", "1", "-1", "10", "100200300", "0.0", "-0.0", "0.5", "-0.5", "1.0", "1.50", "0.000000000001", "1e0",
    "1e1", "1E1", "1e+1", "1e-1", "1E+01", "1e007", "0e0", "0e1", "0E+5", "-0e-5", "0.0e0", "1.25e2", "-1.25E-2",
    "1e308", "1e400", "-1e400", "1e-400", "1e999999999999999999999", "1e-999999999999999999999", "9007199254740993",
    "9223372036854775807", "-9223372036854775808", "9223372036854775808", "123456789012345678901234567890",
    "0.1000000000000000055511151231257827021181583404541015625", "2.2250738585072011e-308", "4.9e-324",
    "1.7976931348623157e308", "10000000000000000000000000000000000000000000000000000000000e-58",
  ].map { AcceptedText("the number \($0)", $0) }

  static let strings = [
    AcceptedText("letters outside ASCII", #""naïve Straße""#),
    AcceptedText("Cyrillic, Greek, Hebrew, Arabic", #""слово λόγος מילה كلمة""#),
    AcceptedText("letters beyond the basic plane", "\"\u{1F600}\u{10348}\u{2F800}\""),
    AcceptedText("the last code point of each UTF-8 length", "\"\u{7F}\u{7FF}\u{FFFF}\u{10FFFF}\""),
    AcceptedText("the first code point of each UTF-8 length", "\"\u{80}\u{800}\u{10000}\""),
    AcceptedText("the code points around the surrogates", "\"\u{D7FF}\u{E000}\""),
    AcceptedText("noncharacters", "\"\u{FFFE}\u{1FFFF}\""),
    AcceptedText("line and paragraph separators", "\"a\u{2028}b\u{2029}c\""),
    AcceptedText("a byte order mark within a string", "\"\u{FEFF}\""),
    AcceptedText("a composed letter", "\"\u{E9}\""),
    AcceptedText("a decomposed letter", "\"e\u{301}\""),
    AcceptedText("a raw delete character", "\"\u{7F}\""),
    AcceptedText("a slash as it is", #""a/b""#),
    AcceptedText("brackets, commas and colons in a string", #""[{]},:""#),
    AcceptedText("an apostrophe", #""don't""#),
    AcceptedText("blanks in a string", #""  a   b ""#),
    AcceptedText("eight plain bytes", #""12345678""#),
    AcceptedText("a long plain string", "\"" + String(repeating: "the man bites the dog ", count: 500) + "\""),
    AcceptedText("comment marks in a string", #""/* a */ // b # c""#),
    AcceptedText("a word of JSON in a string", #""null""#),
  ]

  static let escapes = [
    AcceptedText("every short escape", #""\"\\\b\f\n\r\t""#),
    AcceptedText("an escaped slash", #""\/""#, prints: #""/""#),
    AcceptedText("a null character", #""\u0000""#),
    AcceptedText("a unit separator", #""\u001f""#),
    AcceptedText("capital hexadecimal digits", #""\u001F""#, prints: #""\u001f""#),
    AcceptedText("a tab by its number", #""\u0009""#, prints: #""\t""#),
    AcceptedText("a quotation mark by its number", #""\u0022""#, prints: #""\"""#),
    AcceptedText("a backslash by its number", #""\u005C""#, prints: #""\\""#),
    AcceptedText("a letter by its number", #""\u0061""#, prints: #""a""#),
    AcceptedText("a delete character by its number", #""\u007f""#, prints: "\"\u{7F}\""),
    AcceptedText("an accented letter by its number", #""\u00e9\u00E9""#, prints: #""éé""#),
    AcceptedText("a letter of three bytes by its number", #""\u20ac""#, prints: #""€""#),
    AcceptedText("a surrogate pair", #""\ud83d\ude00""#, prints: "\"\u{1F600}\""),
    AcceptedText("a surrogate pair in capitals", #""\uD83D\uDE00""#, prints: "\"\u{1F600}\""),
    AcceptedText("the first surrogate pair", #""\ud800\udc00""#, prints: "\"\u{10000}\""),
    AcceptedText("the last surrogate pair", #""\udbff\udfff""#, prints: "\"\u{10FFFF}\""),
    AcceptedText("two surrogate pairs", #""\ud83d\ude00\ud83d\ude01""#, prints: "\"\u{1F600}\u{1F601}\""),
    AcceptedText("noncharacters by their numbers", #""\ufffe\uffff""#, prints: "\"\u{FFFE}\u{FFFF}\""),
    AcceptedText("the code points around the surrogates", #""\ud7ff\ue000""#, prints: "\"\u{D7FF}\u{E000}\""),
    AcceptedText("a backslash before a letter n", #""\\n""#),
    AcceptedText("a backslash before a u", #""\\u0061""#),
    AcceptedText("four backslashes", #""\\\\""#),
    AcceptedText("an escape at the beginning and the end", #""\nword\n""#),
    AcceptedText("an escape behind text outside ASCII", #""é\né""#),
    AcceptedText("digits behind a numbered escape", #""\u00e91234""#, prints: #""é1234""#),
    AcceptedText("a combining accent by its number", #""e\u0301""#, prints: "\"e\u{301}\""),
  ]

  static let arrays = [
    AcceptedText("one element", "[1]"),
    AcceptedText("all kinds of elements", #"[null,true,false,0,"",[],{}]"#),
    AcceptedText("nested empty arrays", "[[],[[]],[[[]]]]"),
    AcceptedText("equal elements", "[1,1,1]"),
    AcceptedText("arrays as deep as the limit", String(repeating: "[", count: 64) + String(repeating: "]", count: 64)),
    AcceptedText("siblings below the limit", "[" + String(repeating: "[[]],", count: 99) + "[[]]]"),
  ]

  static let objects = [
    AcceptedText("one member", #"{"a":1}"#),
    AcceptedText("members in their order", #"{"b":1,"a":2,"c":3}"#),
    AcceptedText("an empty name", #"{"":0}"#),
    AcceptedText("names that differ in case", #"{"a":1,"A":2}"#),
    AcceptedText("names that only look equal", "{\"\u{E9}\":1,\"e\u{301}\":2}"),
    AcceptedText("a name that begins another", #"{"a":1,"aa":2}"#),
    AcceptedText("equal names in different objects", #"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}"#),
    AcceptedText("escaped names", #"{"a\nb":1,"\u0000":2}"#),
    AcceptedText("a name by its numbers", #"{"\u0069\u0064":1}"#, prints: #"{"id":1}"#),
    AcceptedText("names of JSON's words", #"{"null":null,"true":true}"#),
    AcceptedText(
      "forty members", "{" + (0..<40).map { #""name\#($0)":\#($0)"# }.joined(separator: ",") + "}"),
    AcceptedText(
      "objects as deep as the limit", String(repeating: #"{"a":"#, count: 63) + "{}" + String(repeating: "}", count: 63)
    ),
  ]

  static let blanks = [
    AcceptedText("blanks around a value", " \t\r\n1 \t\r\n", prints: "1"),
    AcceptedText("blanks in an array", "[ 1 ,\t2\r,\n3 ]", prints: "[1,2,3]"),
    AcceptedText("blanks in an empty array", "[ \n ]", prints: "[]"),
    AcceptedText("blanks in an object", "{ \"a\" :\t1\r,\n\"b\" : 2 }", prints: #"{"a":1,"b":2}"#),
    AcceptedText("blanks in an empty object", "{\t}", prints: "{}"),
    AcceptedText("a line end behind the text", "{}\n", prints: "{}"),
  ]
}
