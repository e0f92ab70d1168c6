import Testing

@testable import JSON

@Suite("JSON objects")
struct JSONObjectTests {
  @Test("Members keep their order, whether set, replaced or removed")
  func order() {
    var object: JSONObject = ["b": 1, "a": 2]
    object["c"] = 3
    object["b"] = 4
    object["a"] = nil
    object["missing"] = nil
    #expect(object.names == ["b", "c"])
    #expect(object["b"] == 4)
    #expect(object["a"] == nil)
    #expect(object.count == 2)
  }

  @Test("Of equal names in a literal the last one's value stays")
  func repeatedNames() {
    let object = JSONObject([("a", 1), ("b", 2), ("a", 3)])
    #expect(object.members.map(\.value) == [3, 2])
  }

  @Test("Names are compared by their bytes, not as people see them")
  func canonicalEquivalence() throws {
    let object = try #require(try JSONValue.parse("{\"\u{E9}\":1,\"e\u{301}\":2}").object)
    #expect(object["\u{E9}"] == 1)
    #expect(object["e\u{301}"] == 2)
    #expect(JSONValue.string("\u{E9}") != .string("e\u{301}"))
  }

  @Test("Equality pays no regard to the order of members, but to everything else")
  func equality() {
    let object: JSONObject = ["a": 1, "b": [1, 2]]
    #expect(object == ["b": [1, 2], "a": 1])
    #expect(object != ["a": 1, "b": [2, 1]])
    #expect(object != ["a": 1])
    #expect(object != ["a": 1, "c": [1, 2]])
    #expect(object != ["a": 1, "b": [1, 2], "c": nil])
  }

  @Test(
    "A repeated name is found in objects of every size, wherever it first stood", arguments: [2, 15, 16, 17, 18, 100])
  func duplicates(memberCount: Int) throws {
    for first in 0..<memberCount {
      let members = (0..<memberCount).map { #""n\#($0)":0"# } + [#""n\#(first)":1"#]
      let text = "{" + members.joined(separator: ",") + "}"
      let offset = text.utf8.count - members[memberCount].utf8.count - 1
      #expect(throws: JSONError.duplicateName(offset: offset)) { try JSONValue.parse(text) }
    }
  }

  @Test("An object of fifty thousand members takes time in proportion to its length")
  func manyMembers() throws {
    // A quadratic search would compare a thousand million names and hold up the suite for minutes.
    let members = (0..<50_000).map { #""a name of more than fifteen bytes \#($0)":0"# }
    let text = "{" + members.joined(separator: ",") + "}"
    #expect(try JSONValue.parse(text).object?.count == 50_000)
  }

  @Test("A value answers only as the kind that it is")
  func accessors() {
    let values: [JSONValue] = [nil, true, 1, "1", [1], ["a": 1]]
    #expect(values.map { $0.bool != nil } == [false, true, false, false, false, false])
    #expect(values.map { $0.int != nil } == [false, false, true, false, false, false])
    #expect(values.map { $0.double != nil } == [false, false, true, false, false, false])
    #expect(values.map { $0.string != nil } == [false, false, false, true, false, false])
    #expect(values.map { $0.array != nil } == [false, false, false, false, true, false])
    #expect(values.map { $0.object != nil } == [false, false, false, false, false, true])
    #expect(values.map(\.isNull) == [true, false, false, false, false, false])
    #expect(values.map { $0["a"] } == [nil, nil, nil, nil, nil, 1])
    #expect(values.map(\.kindName) == ["null", "a boolean", "a number", "a string", "an array", "an object"])
    for (index, left) in values.enumerated() {
      for (other, right) in values.enumerated() { #expect((left == right) == (index == other)) }
    }
  }
}
