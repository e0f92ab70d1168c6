import Testing

@testable import JSON

@Suite("JSON values")
struct JSONValueTests {
  @Test("A text that is parsed prints as it was, without white space")
  func roundTrip() throws {
    let text = #"{"a":[1,2.50,-0,1e400,true,false,null],"b":{"c":"d\"\\\n\u0001é😀"},"":[]}"#
    #expect(try JSONValue.parse(" " + text + "\n").description == text)
  }
}
