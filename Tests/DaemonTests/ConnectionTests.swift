import JSON
import Testing

@testable import Daemon

@Suite("A connection", .timeLimit(.minutes(1)))
struct ConnectionTests {
  @Test("answers the first line, with the id as it was written")
  func firstLine() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      await client.sendLine(#"{"jsonrpc":"2.0","id":1.0,"method":"ping"}"#)
      let line = await client.line()
      #expect(line?.hasPrefix(#"{"jsonrpc":"2.0","id":1.0,"result":{"#) == true)
    }
  }

  @Test("answers pipelined requests in order")
  func pipelining() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      let count = 500
      let lines = (0..<count).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"ping"}"# }
      await client.sendLine(lines.joined(separator: "\n"))
      for id in 0..<count { #expect(try await client.message()?["id"] == JSONValue(id)) }
    }
  }

  @Test("answers everything after a half-close, the unfinished last line included, then closes")
  func halfClose() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      await client.send(Array(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#.utf8))
      client.halfClose()
      #expect(try await client.message()?["id"] == 1)
      #expect(await client.line() == nil)
    }
  }
}
