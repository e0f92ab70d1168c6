import JSON
import Testing

@testable import RPC

@Suite("Request ids")
struct RequestIDTests {
  @Test(
    "Ids of the same value are the same, however they are written",
    arguments: [
      ("1", "1.0"), ("1", "1e0"), ("100", "1e2"), ("0", "-0"), (#""é""#, #""\u00e9""#), (#""/""#, #""\/""#),
      ("null", "null"), ("1.5", "1.5"), ("9007199254740993", "9007199254740993"),
    ])
  func same(left: String, right: String) throws {
    let left = try id(left)
    let right = try id(right)
    #expect(left == right)
    #expect(left.hashValue == right.hashValue)
    #expect(Set([left]).contains(right))
  }

  @Test(
    "Ids of different values or kinds are different",
    arguments: [
      ("1", "2"), ("1", #""1""#), ("null", #""null""#), ("null", "0"), ("1.5", "1"), (#""""#, "null"),
      ("9007199254740993", "9007199254740992"), ("\"\u{E9}\"", "\"e\u{301}\""),
    ])
  func different(left: String, right: String) throws {
    #expect(try id(left) != id(right))
  }

  @Test("An id made from a value is written as the printer writes it")
  func made() {
    #expect(RequestID(-7).literal == Array("-7".utf8))
    #expect(RequestID("a\"b").literal == Array(#""a\"b""#.utf8))
    #expect(RequestID(nil)?.literal == Array("null".utf8))
  }

  @Test("No other kind of value is an id", arguments: [JSONValue.bool(true), [], [:]])
  func otherKinds(value: JSONValue) {
    #expect(RequestID(value) == nil)
  }

  private func id(_ literal: String) throws -> RequestID {
    try #require(RequestID(JSONValue.parse(literal), literal: Array(literal.utf8)))
  }
}
