import JSON
import RPC
import System
import Testing

@testable import Daemon

@Suite("A connection", .timeLimit(.minutes(2)))
struct ConnectionTests {
  @Test(
    "answers the first line, with the id as it was written", arguments: ["1.0", "1e2", "9007199254740993", #""é""#])
  func firstLine(id: String) async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      await client.sendLine(#"{"jsonrpc":"2.0","id":\#(id),"method":"ping"}"#)
      let line = await client.line()
      #expect(line?.hasPrefix(#"{"jsonrpc":"2.0","id":\#(id),"result":{"#) == true)
    }
  }

  @Test("answers pipelined requests in order, and a prediction after the lesson before it")
  func pipelining() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      let count = 300
      var lines = (0..<count).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"ping"}"# }
      lines.insert(Harness.line("train-step", ["text": "the man bites the dog"], id: "lesson"), at: 100)
      lines.insert(Harness.line("describe-model", [:], id: "after"), at: 101)
      await client.sendLine(lines.joined(separator: "\n"))
      for id in 0..<100 { #expect(try await client.message()?["id"] == JSONValue(id)) }
      #expect(try await client.message()?["id"] == "lesson")
      #expect(try await client.message()?["result"]?["step"] == 1)
      for id in 100..<count { #expect(try await client.message()?["id"] == JSONValue(id)) }
    }
  }

  @Test("reads requests byte by byte, with CRLF and blank lines between them")
  func byteByByte() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      let bytes = Array("\r\n  \n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\r\n".utf8)
      for byte in bytes {
        await client.send([byte])
        await EventLoop.nextTurn()
      }
      #expect(try await client.message()?["id"] == 1)
    }
  }

  @Test("goes on at the next line after one that is garbage")
  func garbage() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      let bad: [(String, Int)] = [
        ("{", -32700), ("nonsense", -32700), (#"{"jsonrpc":"2.0","id":1,"method":"ping",}"#, -32700), ("7", -32600),
        (#"{"id":1,"method":"ping"}"#, -32600), ("[]", -32600), (#"{"jsonrpc":"2.0","id":1,"method":"pong"}"#, -32601),
        (#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}"#, -32602),
        (#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"loud":true}}"#, -32602),
        (String(repeating: "[", count: 100_000), -32016),
      ]
      for (line, code) in bad {
        await client.sendLine(line)
        #expect(try await client.message()?["error"]?["code"]?.int == code, "\(line.prefix(60))")
      }
      await client.send([0xFF, 0xFE, 0x0A])
      #expect(try await client.message()?["error"]?["code"] == -32700)
      #expect(try await client.call("ping")["version"] != nil)
    }
  }

  @Test("refuses a line that is too long by name, and reads on behind it")
  func longLine() async throws {
    var limits = Limits()
    limits.lineByteLimit = 1_000
    try await withDaemon(limits: limits) { harness in
      let client = try harness.client()
      await client.sendLine(String(repeating: "x", count: 100_000))
      let error = try await client.message()?["error"]
      #expect(error?["code"] == -32016)
      #expect(error?["data"]?["limit"] == "line")
      #expect(try await client.call("ping")["version"] != nil)
    }
  }

  @Test("takes a line of megabytes, and keeps the order around it")
  func megabytes() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      let text = String(repeating: "word ", count: 200_000)
      await client.sendLine(
        [
          Harness.line("ping", [:], id: 1), Harness.line("tokenize", ["text": .string(text)], id: 2),
          Harness.line("ping", [:], id: 3),
        ].joined(separator: "\n"))
      #expect(try await client.message()?["id"] == 1)
      #expect(try await client.message()?["result"]?["count"] == 200_000)
      #expect(try await client.message()?["id"] == 3)
    }
  }

  @Test("answers a batch in one line, in order, without its notifications")
  func batch() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      let elements = [
        Harness.line("ping", [:], id: 1), #"{"jsonrpc":"2.0","method":"train-step","params":{"text":"a b"}}"#, "1",
        Harness.line("nothing", [:], id: "x"), Harness.line("describe-model", [:], id: 2),
      ]
      await client.sendLine("[\(elements.joined(separator: ","))]")
      let replies = try await client.message()?.array ?? []
      #expect(replies.map { $0["id"] } == [1, .null, "x", 2])
      #expect(replies.map { $0["error"]?["code"]?.int } == [nil, -32600, -32601, nil])
    }
  }

  @Test("answers a batch of notifications with nothing, and refuses one that is too large")
  func otherBatches() async throws {
    var limits = Limits()
    limits.batchLimit = 3
    try await withDaemon(limits: limits) { harness in
      let client = try harness.client()
      await client.sendLine(#"[{"jsonrpc":"2.0","method":"ping"},{"jsonrpc":"2.0","method":"ping"}]"#)
      let ping = Harness.line("ping", [:], id: 1)
      await client.sendLine("[\(ping),\(ping),\(ping),\(ping)]")
      let error = try await client.message()?["error"]
      #expect(error?["data"]?["limit"] == "batch")
      #expect(error?["data"]?["maximum"] == 3)
    }
  }

  @Test("answers everything after a half-close, the unfinished last line included, then closes")
  func halfClose() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      await client.sendLine(Harness.line("train-step", ["text": "the man bites the dog"], id: 0))
      await client.send(Array(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#.utf8))
      client.halfClose()
      #expect(try await client.message()?["id"] == 0)
      #expect(try await client.message()?["id"] == 1)
      #expect(await client.line() == nil)
    }
  }

  @Test("a hang-up cancels reading work, and what was to be learned is learned")
  func hangUp() async throws {
    try await withDaemon { harness in
      let (client, other) = (try harness.client(), try harness.client())
      _ = try await other.call("train-step", ["text": "a b c d e f g"])
      await client.sendLine(Harness.line("generate", ["text": "a", "maxTokens": 100_000], id: 1))
      await client.sendLine(Harness.line("train-step", ["text": "the man bites the dog"], id: 2))
      client.hangUp()
      // The lesson of the client that is gone comes before the one that is asked for when it has been learned.
      await harness.until { harness.daemon.service.models.loadedModel("default")?.snapshot?.step == 2 }
      #expect(try await other.call("train-step", ["text": "the man"])["step"] == 3)
      await harness.until { harness.daemon.service.connections.count == 1 }
      let generate = try await other.call("status")["calls"]?["generate"]
      #expect(generate?["errors"] == 1)
    }
  }

  @Test("cancels at once what works and what waits, and answers both")
  func cancelling() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      _ = try await client.call("train-step", ["text": "a b c d e f g"])
      await client.sendLine(
        [
          Harness.line("generate", ["text": "a", "maxTokens": 100_000], id: "long"),
          Harness.line("train-step", ["text": "never taught"], id: 2), Harness.line("describe-model", [:], id: 3),
          #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":2}}"#,
          #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":"long"}}"#,
          #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":"unknown"}}"#,
        ].joined(separator: "\n"))
      let first = try await client.message()
      #expect(first?["id"] == "long")
      #expect(first?["error"]?["code"] == -32800)
      let second = try await client.message()
      #expect(second?["id"] == 2)
      #expect(second?["error"]?["code"] == -32800)
      #expect(try await client.message()?["result"]?["step"] == 1)
    }
  }

  @Test("stops reading a client that asks more than it reads, and answers it all once it reads")
  func backPressure() async throws {
    var limits = Limits()
    limits.unreadReplyByteLimit = 100_000
    try await withDaemon(limits: limits) { harness in
      let (client, other) = (try harness.client(), try harness.client())
      client.stopReading()
      let line = Array((Harness.line("rpc.discover", [:], id: 1) + "\n").utf8)
      var sentCount = 0
      // The daemon takes no more once the replies are not read; the socket's own buffer is soon full then.
      var (sent, idleTurns) = (0, 0)
      while idleTurns < 100 {
        sent = client.sendWithoutWaiting(line)
        sentCount += sent == line.count ? 1 : 0
        if sent > 0, sent < line.count { break }
        idleTurns = sent == 0 ? idleTurns + 1 : 0
        await EventLoop.nextTurn()
      }
      #expect(try await other.call("ping")["version"] != nil)
      client.startReading()
      for _ in 0..<sentCount { #expect(try await client.message()?["id"] == 1) }
    }
  }

  @Test("sends an answer beyond the limit of unread replies whole, and closes after it")
  func largeAnswer() async throws {
    var limits = Limits()
    limits.unreadReplyByteLimit = 10_000
    try await withDaemon(limits: limits) { harness in
      let client = try harness.client()
      let text = String(repeating: "word ", count: 20_000)
      await client.sendLine(Harness.line("tokenize", ["text": .string(text)], id: 1))
      await client.sendLine(Harness.line("ping", [:], id: 2))
      client.halfClose()
      #expect(try await client.message()?["result"]?["count"] == 20_000)
      #expect(try await client.message()?["id"] == 2)
      #expect(await client.line() == nil)
      await harness.until { harness.daemon.service.connections.isEmpty }
    }
  }

  @Test("refuses by name a long line that still comes in when all connections hold too much, and serves short ones")
  func heldBytes() async throws {
    var limits = Limits()
    limits.requestByteLimit = 300_000
    try await withDaemon(limits: limits) { harness in
      let (first, second) = (try harness.client(), try harness.client())
      let other = try harness.client()
      // The end of this line never comes.
      await first.send([UInt8](repeating: UInt8(ascii: "x"), count: 280_000))
      _ = try await other.call("ping")
      await second.sendLine(Harness.line("tokenize", ["text": .string(String(repeating: "x", count: 600_000))], id: 7))
      let error = try await second.message()?["error"]
      #expect(error?["code"] == -32016)
      #expect(error?["data"]?["limit"] == "requestBytes")
      #expect(try await second.call("ping")["version"] != nil)
      #expect(try await other.call("ping")["version"] != nil)
      // What is given up is counted no longer.
      first.hangUp()
      await harness.until { harness.daemon.service.connections.count == 2 }
      let text = JSONValue.string(String(repeating: "x", count: 200_000))
      #expect(try await second.call("tokenize", ["text": text])["count"] == 1)
    }
  }

  @Test("takes no more lines than their bytes may take, and answers them all in order")
  func waitingBytes() async throws {
    var limits = Limits()
    limits.waitingByteLimit = 100_000
    try await withDaemon(limits: limits) { harness in
      let client = try harness.client()
      let text = JSONValue.string(String(repeating: "word ", count: 15_000))
      let lines = (0..<20).map { Harness.line("score", ["text": "word", "model": text], id: JSONValue($0)) }
      await client.sendLine(lines.joined(separator: "\n"))
      for id in 0..<20 { #expect(try await client.message()?["id"] == JSONValue(id)) }
    }
  }

  @Test("is turned away by name when there are too many")
  func connectionLimit() async throws {
    var limits = Limits()
    limits.connectionLimit = 2
    try await withDaemon(limits: limits) { harness in
      let first = try await harness.socketClient()
      let second = try await harness.socketClient()
      #expect(try await first.call("ping")["version"] != nil)
      #expect(try await second.call("ping")["version"] != nil)
      let third = try await harness.socketClient()
      #expect(try await third.message()?["error"]?["data"]?["limit"] == "connections")
      #expect(await third.line() == nil)
      second.hangUp()
      await harness.until { harness.daemon.service.connections.count == 1 }
      #expect(try await harness.socketClient().call("ping")["version"] != nil)
    }
  }

  @Test("refuses values of the wrong type, range or name with their path", arguments: ParameterMistake.all)
  func mistakes(_ mistake: ParameterMistake) async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      await client.sendLine(#"{"jsonrpc":"2.0","id":1,"method":"\#(mistake.method)","params":\#(mistake.params)}"#)
      let error = try await client.message()?["error"]
      #expect(error?["code"]?.int == mistake.code, "\(error ?? .null)")
      #expect(error?["data"]?["path"]?.string == mistake.path, "\(error ?? .null)")
    }
  }
}

/// Params that a call refuses, and what it says of them.
struct ParameterMistake: CustomTestStringConvertible, Sendable {
  let method: String
  let params: String
  var path: String?
  var code = -32602

  var testDescription: String { "\(method) \(params)" }

  static let all = [
    ParameterMistake(method: "next-word", params: #"{"txt":"a"}"#, path: "txt"),
    ParameterMistake(method: "next-word", params: "{}", path: "text"),
    ParameterMistake(method: "next-word", params: #"{"text":"a","ids":[1]}"#, path: "ids"),
    ParameterMistake(method: "next-word", params: #"{"text":7}"#, path: "text"),
    ParameterMistake(method: "next-word", params: #"{"text":null}"#, path: "text"),
    ParameterMistake(method: "next-word", params: #"{"text":"a","limit":0}"#, path: "limit"),
    ParameterMistake(method: "next-word", params: #"{"text":"a","limit":2.5}"#, path: "limit"),
    ParameterMistake(method: "next-word", params: #"{"text":"a","limit":1e400}"#, path: "limit"),
    ParameterMistake(method: "next-word", params: #"{"text":"a","limit":99999999999999999999}"#, path: "limit"),
    ParameterMistake(method: "next-word", params: #"{"ids":[1,"2"]}"#, path: "ids[1]"),
    ParameterMistake(method: "next-word", params: #"{"ids":[-1]}"#, path: "ids[0]"),
    ParameterMistake(method: "next-word", params: #"{"ids":[1000]}"#, path: "ids", code: -32012),
    ParameterMistake(method: "detokenize", params: #"{"ids":[0,1000]}"#, path: "ids[1]", code: -32012),
    ParameterMistake(method: "train-step", params: #"{"text":""}"#, path: "text"),
    ParameterMistake(method: "train-step", params: #"{"text":" "}"#, path: "text"),
    ParameterMistake(method: "train-step", params: #"{"texts":[]}"#, path: "texts"),
    ParameterMistake(method: "train-step", params: #"{"text":"a","learningRate":0}"#, path: "learningRate"),
    ParameterMistake(method: "train-step", params: #"{"text":"a","learningRate":1e999}"#, path: "learningRate"),
    ParameterMistake(method: "train-step", params: #"{"text":"a","bptt":-1}"#, path: "bptt"),
    ParameterMistake(method: "train-step", params: #"{"text":"a","carry":"yes"}"#, path: "carry"),
    ParameterMistake(method: "generate", params: #"{"text":"a","topP":1.5}"#, path: "topP"),
    ParameterMistake(method: "generate", params: #"{"text":"a","stop":[""]}"#, path: "stop"),
    ParameterMistake(method: "score", params: #"{"text":""}"#, path: "text"),
    ParameterMistake(method: "score", params: #"{"text":"a","model":"no such name"}"#, path: "model"),
    ParameterMistake(method: "score", params: #"{"text":"a","model":"../default"}"#, path: "model"),
    ParameterMistake(method: "score", params: #"{"text":"a","model":"nobody"}"#, code: -32010),
    ParameterMistake(method: "gradient-flow", params: #"{"text":""}"#, path: "text"),
    ParameterMistake(method: "train", params: #"{"files":["notes.md"]}"#, path: "files[0]"),
    ParameterMistake(method: "train", params: #"{"files":["/no/such/file"]}"#, path: "files[0]", code: -32014),
    ParameterMistake(method: "train", params: #"{"files":["/"]}"#, path: "files[0]", code: -32014),
    ParameterMistake(method: "train", params: #"{"files":["/dev/null"]}"#, path: "files[0]", code: -32014),
    ParameterMistake(method: "evaluate", params: #"{"file":"/no/such/file"}"#, path: "file", code: -32014),
    ParameterMistake(method: "evaluate", params: #"{"file":"/usr/bin/env"}"#, path: "file"),
    ParameterMistake(method: "create-model", params: #"{"name":"x","architecture":"lstn"}"#, path: "architecture"),
    ParameterMistake(method: "create-model", params: #"{"name":"x","nonlinearity":"relu"}"#, path: "nonlinearity"),
    ParameterMistake(method: "create-model", params: #"{"name":"x","precision":"fp64"}"#, path: "precision"),
    ParameterMistake(method: "create-model", params: #"{"name":".x"}"#, path: "name"),
    ParameterMistake(method: "create-model", params: #"{"name":""}"#, path: "name"),
    ParameterMistake(method: "create-model", params: #"{"name":"x","hiddenSize":0}"#, path: "hiddenSize"),
    ParameterMistake(method: "create-model", params: #"{"name":"x","tokenizer":"character"}"#, path: "files"),
    ParameterMistake(method: "create-model", params: #"{"name":"default"}"#, code: -32011),
    ParameterMistake(
      method: "create-model", params: #"{"name":"x","hiddenSize":16384,"layers":64}"#, code: -32016),
    ParameterMistake(method: "import-model", params: #"{"name":"x","path":"models"}"#, path: "path"),
    ParameterMistake(method: "import-model", params: #"{"name":"x","path":"/no/such"}"#, code: -32015),
    ParameterMistake(method: "export-model", params: #"{"name":"default","path":"/usr"}"#, path: "path"),
  ]
}
