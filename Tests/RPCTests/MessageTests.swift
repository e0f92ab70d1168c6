import JSON
import Testing

@testable import RPC

@Suite("Messages between daemon and client")
struct MessageTests {
  @Test(
    "A reply repeats the id byte for byte as the client wrote it",
    arguments: [
      "1", "1.0", "1e2", "-0", "1E+2", "9007199254740993", "123456789012345678901234567890", #""é""#, #""\u00e9""#,
      #""\/""#, #""a\\\"b""#, "null", #""""#, #""\ud83d\ude00""#,
    ])
  func idEcho(literal: String) throws {
    let single = Incoming.decode(Array(#"{"method":"ping","\u0069d" : \#(literal) ,"jsonrpc":"2.0"}"#.utf8))
    let batch = Incoming.decode(Array(#"[1, {"id":\#(literal),"jsonrpc":"2.0","method":"ping"}]"#.utf8))
    guard case .single(.request(let alone)) = single, case .batch(let elements) = batch,
      case .request(let second) = elements[1]
    else {
      Issue.record("no request")
      return
    }
    for request in [alone, second] {
      let id = try #require(request.id)
      #expect(
        line { Reply(id: id, result: [:]).writeLine(to: &$0) } == #"{"jsonrpc":"2.0","id":\#(literal),"result":{}}"#
          + "\n")
    }
  }

  @Test("An error reply carries code, message and data")
  func errorReply() {
    let reply = Reply(id: .null, error: .methodNotFound("pong", among: ["ping"]))
    #expect(
      line { reply.writeLine(to: &$0) } == """
        {"jsonrpc":"2.0","id":null,"error":{"code":-32601,"message":"found no call named \\"pong\\"",\
        "data":{"kind":"method-not-found","hint":"did you mean \\"ping\\"?"}}}

        """)
  }

  @Test("The replies to a batch are one line; a batch that nobody waits for is answered by nothing")
  func batchReply() {
    let replies = [Reply(id: RequestID(1), result: true), Reply(id: RequestID(2), result: nil)]
    #expect(
      line { Reply.writeBatchLine(replies, to: &$0) }
        == #"[{"jsonrpc":"2.0","id":1,"result":true},{"jsonrpc":"2.0","id":2,"result":null}]"# + "\n")
    #expect(line { Reply.writeBatchLine([], to: &$0) } == "")
  }

  @Test("A request is read as it was written, and stays on one line")
  func requestRoundTrip() {
    let requests = [
      Request(id: RequestID(7), method: "next-word", params: ["text": "one\ntwo \"three\" é\u{2028}"]),
      Request(id: nil, method: "$/cancelRequest", params: ["id": 7]), Request(id: RequestID("a"), method: "ping"),
    ]
    for request in requests {
      var framer = LineFramer()
      framer.append(Array(line { request.writeLine(to: &$0) }.utf8))
      guard case .line(let bytes)? = framer.next() else {
        Issue.record("no line")
        return
      }
      #expect(framer.next() == nil)
      #expect(framer.bufferedByteCount == 0)
      #expect(Incoming.decode(bytes) == .single(.request(request)))
    }
  }

  @Test("A client reads replies, batches of them and notifications as they were written")
  func serverRoundTrip() throws {
    let success = Reply(id: RequestID(1), result: ["words": []])
    let failure = Reply(id: RequestID("a"), error: .storage("could not write", errno: 28, path: "notes"))
    #expect(try decode(line { success.writeLine(to: &$0) }) == .reply(success))
    #expect(try decode(line { failure.writeLine(to: &$0) }) == .reply(failure))
    #expect(try decode(line { Reply.writeBatchLine([success, failure], to: &$0) }) == .batch([success, failure]))
    let progress = line { ServerMessage.writeNotification(method: "$/progress", params: ["done": 0.5], to: &$0) }
    #expect(progress == #"{"jsonrpc":"2.0","method":"$/progress","params":{"done":0.5}}"# + "\n")
    #expect(try decode(progress) == .notification(method: "$/progress", params: ["done": 0.5]))
  }

  @Test("A client keeps what it does not know of an error from a newer daemon")
  func newerDaemon() throws {
    let text = #"{"jsonrpc":"2.0","id":1,"error":{"code":-32050,"message":"new","data":{"kind":"newer","extra":1}}}"#
    guard case .reply(let reply) = try decode(text), case .failure(let error) = reply.outcome else {
      Issue.record("no error reply")
      return
    }
    #expect(error.code == .other(-32050))
    #expect(error.kind == "newer")
    #expect(error.data["extra"] == 1)
  }

  @Test(
    "A client refuses what is no message of a daemon",
    arguments: [
      "", "1", "{}", #"{"jsonrpc":"2.0","id":1}"#, #"{"jsonrpc":"2.0","id":1,"result":1,"error":{}}"#,
      #"{"jsonrpc":"1.0","id":1,"result":1}"#, #"{"jsonrpc":"2.0","result":1}"#,
      #"{"jsonrpc":"2.0","id":[],"result":1}"#,
      #"{"jsonrpc":"2.0","id":1,"error":"bad"}"#, #"{"jsonrpc":"2.0","id":1,"error":{"code":1.5,"message":""}}"#,
      #"{"jsonrpc":"2.0","method":"x","params":[1]}"#, "[1]", "HTTP/1.1 400 Bad Request",
    ])
  func notAMessage(text: String) {
    #expect(throws: ServerMessageError.self) { try decode(text) }
  }

  private func line(_ write: (inout [UInt8]) -> Void) -> String {
    var bytes: [UInt8] = []
    write(&bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  private func decode(_ text: String) throws -> ServerMessage { try ServerMessage.decode(Array(text.utf8)) }
}
