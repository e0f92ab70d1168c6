import JSON
import Testing

@testable import RPC

@Suite("Replies")
struct ReplyTests {
  @Test(
    "A reply repeats the id byte for byte as the client wrote it",
    arguments: ["1", "1.0", "1e2", "-0", "9007199254740993", #""é""#, #""\u00e9""#, #""\/""#, "null", #""""#])
  func idEcho(literal: String) throws {
    let incoming = Incoming.decode(Array(#"{"method":"ping","\u0069d" : \#(literal) ,"jsonrpc":"2.0"}"#.utf8))
    guard case .single(.request(let request)) = incoming, let id = request.id else {
      Issue.record("found \(incoming), expected a request with an id")
      return
    }
    var bytes: [UInt8] = []
    Reply(id: id, result: [:]).writeLine(to: &bytes)
    #expect(String(decoding: bytes, as: UTF8.self) == #"{"jsonrpc":"2.0","id":\#(literal),"result":{}}"# + "\n")
  }
}
