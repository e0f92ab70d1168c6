import Testing

@testable import JSON

@Suite("Printing JSON")
struct JSONPrintingTests {
  @Test("Only what must be escaped is escaped", arguments: 0...0x2FF)
  func escaping(codePoint: Int) throws {
    let scalar = try #require(Unicode.Scalar(codePoint))
    let printed = JSONValue.string("a\(scalar)b").description
    switch codePoint {
    case 0x08, 0x09, 0x0A, 0x0C, 0x0D, 0x22, 0x5C: #expect(printed.utf8.count == 6)
    case 0x00..<0x20: #expect(printed.utf8.count == 10)
    default: #expect(printed == "\"a\(scalar)b\"")
    }
    #expect(try JSONValue.parse(printed) == .string("a\(scalar)b"))
    #expect(printed.utf8.allSatisfy { $0 >= 0x20 }, "a reply must stay on one line")
  }

  @Test("Printing adds to what the target holds already")
  func appending() {
    var bytes = Array("x".utf8)
    JSONValue.array([1, "a"]).write(to: &bytes)
    JSONObject(dictionaryLiteral: ("b", nil)).write(to: &bytes)
    #expect(String(decoding: bytes, as: UTF8.self) == #"x[1,"a"]{"b":null}"#)
  }

  @Test("The form for people breaks objects over lines and keeps short plain arrays together")
  func pretty() throws {
    let value: JSONValue = [
      "name": "a\nb", "betas": [0.9, 0.999], "empty": [], "none": [:], "layers": [["size": 1], ["size": 2]],
    ]
    let expected = """
      {
        "name": "a\\nb",
        "betas": [0.9, 0.999],
        "empty": [],
        "none": {},
        "layers": [
          {
            "size": 1
          },
          {
            "size": 2
          }
        ]
      }
      """
    #expect(value.pretty() == expected)
    #expect(try JSONValue.parse(value.pretty()) == value)
  }

  @Test("The form for people gives a long plain array one line an element")
  func prettyLongArray() {
    let words = JSONValue.array((0..<20).map { .string("word \($0)") })
    #expect(words.pretty().split(separator: "\n").count == 22)
  }
}
