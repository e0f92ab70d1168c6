import JSON
import RPC
import System
import Testing

@testable import Daemon

@Suite("The loop's time", .timeLimit(.minutes(2)))
struct FairnessTests {
  @Test("has one turn a round, in the order in which turns were asked for")
  func turns() async throws {
    try await withDaemon { harness in
      var taken: [(number: Int, round: Int)] = []
      for number in 0..<100 { EventLoop.inTurn { taken.append((number, EventLoop.round)) } }
      await harness.until { taken.count == 100 }
      #expect(taken.map(\.number) == Array(0..<100))
      #expect(zip(taken, taken.dropFirst()).allSatisfy { $0.round < $1.round })
    }
  }

  @Test("goes first to who asks one short question, and to one of all who ask much in each round")
  func manyBusy() async throws {
    try await withDaemon { harness in
      let neighbour = try harness.client()
      _ = try await neighbour.call("ping")
      let question = Array((Harness.line("ping", [:], id: 1) + "\n").utf8)
      let many = Array(repeatElement(question, count: 100).joined())
      let crowd = try (0..<50).map { _ in try harness.client() }
      for client in crowd { #expect(client.sendWithoutWaiting(many) == many.count) }
      try await Self.expectOneARound(crowd, since: EventLoop.round)
      // All stand in line again, and then the test itself, before the neighbour asks.
      let isAnswered = await withCheckedContinuation { continuation in
        EventLoop.inTurn { continuation.resume(returning: neighbour.receivesNow()) }
        #expect(neighbour.sendWithoutWaiting(question) == question.count)
      }
      #expect(isAnswered)
      for client in crowd {
        for _ in 0..<100 { #expect(try await client.message()?["id"] == 1) }
      }
    }
  }

  @Test("isn't taken by long batches one after the other: what follows one waits for its turn")
  func batches() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      _ = try await client.call("ping")
      let nonsense = Array(repeating: #"{"jsonrpc":"2.0","id":1,"method":"pnig"}"#, count: 128).joined(separator: ",")
      await client.sendLine("[\(nonsense)]")
      #expect(try await client.message()?.array?.count == 128)
      // The test stands in line before the client asks.
      let ping = Array((Harness.line("ping", [:], id: 2) + "\n").utf8)
      let isAnswered = await withCheckedContinuation { continuation in
        EventLoop.inTurn { continuation.resume(returning: client.receivesNow()) }
        #expect(client.sendWithoutWaiting(ping) == ping.count)
      }
      #expect(!isAnswered)
      #expect(try await client.message()?["id"] == 2)
    }
  }

  @Test("is shared by new clients, half lines and hang-ups, one a round, too")
  func manyHalfLines() async throws {
    try await withDaemon { harness in
      let crowd = try (0..<50).map { _ in try harness.client() }
      // Each has a turn with the first half of a line.
      for client in crowd { #expect(client.sendWithoutWaiting(Array(#"{"jsonrpc":"2.0","#.utf8)) > 0) }
      let start = EventLoop.round
      await harness.until { EventLoop.round - start > 100 }
      for client in crowd[..<25] { client.hangUp() }
      for client in crowd[25...] { await client.sendLine(#""id":1,"method":"ping"}"#) }
      try await Self.expectOneARound(crowd[25...], since: EventLoop.round)
      for client in crowd[25...] { #expect(try await client.message()?["id"] == 1) }
      await harness.until { harness.daemon.service.connections.count == 25 }
    }
  }

  /// Looks until all have received something, and never found more of them than there were rounds.
  @EventLoop
  private static func expectOneARound(_ crowd: some Sequence<FakeClient>, since start: Int) async throws {
    let crowd = Array(crowd)
    var count = 0
    while count < crowd.count {
      count = crowd.count { $0.hasReceived }
      try #require(count <= EventLoop.round - start)
      await EventLoop.nextTurn()
    }
  }

  @Test("is not taken by long answers: they are sent in parts, whole and in order, to who reads them late")
  func longAnswers() async throws {
    try await withDaemon { harness in
      let (client, neighbour) = (try harness.client(), try harness.client())
      client.stopReading()
      let text = JSONValue.string(String(repeating: "word ", count: 40_000))
      for id in 0..<3 { await client.sendLine(Harness.line("tokenize", ["text": text], id: JSONValue(id))) }
      for _ in 0..<10 { #expect(try await neighbour.call("ping")["version"] != nil) }
      client.startReading()
      for id in 0..<3 {
        let message = try await client.message()
        #expect(message?["id"] == JSONValue(id))
        #expect(message?["result"]?["ids"]?.array?.count == 40_000)
      }
    }
  }

  @Test("is not taken by what was sent before a hang-up: it is all carried out")
  func hangUpBehindMuch() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      _ = try await client.call("ping")
      let count = 500
      for _ in 0..<count { await client.notify("train-step", ["text": "the man"]) }
      client.hangUp()
      let other = try harness.client()
      var step: Int? = 0
      while step != count { step = try await other.call("describe-model")["step"]?.int }
    }
  }

  @Test("is not taken by the cancelling of thousands of requests: each is answered as cancelled, those of one id too")
  func manyCancels() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      _ = try await client.call("train-step", ["text": "the man bites the dog"])
      await client.sendLine(Harness.line("generate", ["text": "the", "maxTokens": 100_000], id: "first"))
      let (lineCount, batchCount) = (20, 128)
      // Every id twice.
      let ids = (0..<lineCount).map { line in (0..<batchCount).map { line * batchCount / 2 + $0 / 2 } }
      for line in ids {
        let pings = line.map { Harness.line("ping", [:], id: JSONValue($0)) }
        await client.sendLine("[\(pings.joined(separator: ","))]")
      }
      for line in ids {
        let cancels = line.map { #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":\#($0)}}"# }
        await client.sendLine("[\(cancels.joined(separator: ","))]")
      }
      await client.notify("$/cancelRequest", ["id": "first"])
      #expect(try await client.message()?["error"]?["code"] == -32800)
      for line in ids {
        let replies = try await client.message()?.array ?? []
        #expect(replies.map { $0["id"]?.int } == line)
        #expect(replies.allSatisfy { $0["error"]?["code"] == -32800 })
      }
      #expect(try await client.call("ping")["version"] != nil)
    }
  }

  @Test("is enough for a long text that grew by a word: it waits for nobody at the reading desk")
  func knownText() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      let text = String(repeating: "the man bites the dog ", count: 2_000)
      _ = try await client.call("train-step", ["text": "the man bites the dog"])
      let known = try await client.call("next-word", ["text": .string(text)])
      let desk = Monitor((isTaken: false, isFree: false))
      let work = Task {
        try await harness.daemon.service.reading.compute(unless: Cancellation()) {
          desk.announceChange { $0.isTaken = true }
          desk.wait { $0.isFree ? () : nil }
        }
      }
      await harness.until { desk.withLock { $0.isTaken } }
      // Were it read at the desk, this would not come back.
      let grown = try await client.call("next-word", ["text": .string(text + "the ")])
      #expect(grown["words"]?.array?.isEmpty == false)
      #expect(try await client.call("next-word", ["text": .string(text)]) == known)
      desk.announceChange { $0.isFree = true }
      try await work.value
    }
  }

  @Test("is not taken by long params: they become what calls read where their line is decoded")
  func longParams() async throws {
    let count = 50_000
    func line(_ end: String) -> PiecedLine {
      let ids = String(repeating: "1,", count: count)
      var framer = LineFramer()
      framer.append(Array(#"{"jsonrpc":"2.0","id":1,"method":"detokenize","params":{"ids":[\#(ids)\#(end)]}}"#.utf8))
      framer.finish()
      guard case .line(let line) = framer.nextInPieces() else { preconditionFailure("no line") }
      return line
    }
    let desk = LineDesk(name: "test")
    for (end, isRight) in [("7", true), (#""x""#, false)] {
      let (incoming, verdicts) = await desk.decode(line(end), limits: Limits())
      guard case .single(.request(let request)) = incoming, let verdict = verdicts.first else {
        Issue.record("no request")
        return
      }
      // Nothing is left for the loop to give back.
      #expect(request.params.isEmpty)
      #expect((try? verdict?.get())?.integers["ids"]?.count == (isRight ? count + 1 : nil))
    }
    try await withDaemon { harness in
      let client = try harness.client()
      let ids = (0..<count).map { JSONValue($0 % 2) }
      #expect(try await client.call("detokenize", ["ids": .array(ids)])["text"]?.string?.isEmpty == false)
      let scored = try await client.call("score", ["ids": .array(Array(ids.prefix(1_000))), "perToken": true])
      #expect(scored["perToken"]?.array?.count == 1_000)
    }
  }
}
