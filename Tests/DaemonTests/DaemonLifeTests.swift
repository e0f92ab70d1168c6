import JSON
import System
import Testing

@testable import Daemon

@Suite("The life of a daemon", .timeLimit(.minutes(2)))
struct DaemonLifeTests {
  static let sentence: JSONObject = ["text": "the man bites the dog"]

  @Test("a second daemon finds the socket or the data directory locked, and the first serves on")
  func oneInstance() async throws {
    try await withDaemon { harness in
      let first = harness.daemon.service.configuration
      var other = first
      other.socketPath = harness.directory + "/other"
      for configuration in [first, other] {
        let error = Self.refusal(of: configuration)
        if case .locked = error { continue }
        Issue.record("\(String(describing: error))")
      }
      let answer = try await harness.socketClient().call("ping")
      #expect(answer["version"] != nil)
    }
  }

  /// Why a daemon can't be had; nil when it can.
  @EventLoop
  private static func refusal(of configuration: DaemonConfiguration) -> SystemError? {
    do throws(SystemError) {
      _ = try Daemon(configuration)
      return nil
    } catch {
      return error
    }
  }

  @Test("a socket that a dead daemon left is taken over, and is gone when the daemon has stopped")
  func staleSocket() async throws {
    try await withDaemon { harness in
      let path = harness.daemon.service.configuration.socketPath
      #expect(try FileSystem.status(of: path, followingLinks: false)?.permissions == 0o600)
      _ = try await harness.stop()
      #expect(!FileSystem.exists(path))
      // What a daemon that was killed leaves: a name that nobody listens at.
      var listener: UnixListener? = try UnixListener(path: path)
      listener = nil
      _ = listener == nil
      #expect(FileSystem.exists(path))
      let second = try await Harness.start(directory: harness.directory)
      #expect(try await second.socketClient().call("ping")["version"] != nil)
      _ = try await second.stop()
    }
  }

  @Test("what was taught is there after a stop and a start")
  func restart() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      for _ in 0..<3 { _ = try await client.call("train-step", Self.sentence) }
      let score = try await client.call("score", Self.sentence)
      #expect(try await harness.stop() == .clean)
      #expect(await client.line() == nil)
      let second = try await Harness.start(directory: harness.directory)
      let other = try second.client()
      #expect(try await other.call("score", Self.sentence) == score)
      #expect(try await other.call("describe-model")["step"] == 3)
      _ = try await second.stop()
    }
  }

  @Test("a stop answers what was received, ends training between two updates, and keeps what that taught")
  func drain() async throws {
    try await withDaemon { harness in
      let (trainer, client) = (try harness.client(), try harness.client())
      let text = String(repeating: "one two three four five six seven\n", count: 100)
      await trainer.sendLine(
        Harness.line("train", ["text": .string(text), "epochs": 10_000, "batchSize": 2, "progress": true], id: 1))
      #expect(try await trainer.message()?["method"] == "$/progress")
      await client.sendLine(
        [Harness.line("train-step", Self.sentence, id: 1), Harness.line("ping", [:], id: 2)].joined(separator: "\n"))
      await client.sendLine(Harness.line("shutdown", [:], id: 3))
      #expect(try await client.message()?["result"]?["step"] != nil)
      #expect(try await client.message()?["id"] == 2)
      #expect(try await client.message()?["result"] == [:])
      #expect(try await trainer.reply()?["error"]?["code"] == -32021)
      #expect(try await harness.untilEnd() == .clean)
      #expect(await client.line() == nil)
      let second = try await Harness.start(directory: harness.directory)
      let step = try await second.client().call("describe-model")["step"]?.int
      #expect((step ?? 0) > 1)
      _ = try await second.stop()
    }
  }

  @Test("a stop that waits too long for answers cancels them")
  func boundedDrain() async throws {
    var limits = Limits()
    limits.drainSeconds = 0
    try await withDaemon(limits: limits) { harness in
      let client = try harness.client()
      _ = try await client.call("train-step", Self.sentence)
      // More than can be answered before the loop, however busy, comes round to the stop.
      let ids = 1...40
      let requests = ids.map { Harness.line("generate", ["text": "a", "maxTokens": 100_000], id: JSONValue($0)) }
      await client.sendLine(requests.joined(separator: "\n"))
      await harness.until { !harness.daemon.service.connections.values.allSatisfy(\.isIdle) }
      harness.daemon.stop()
      var codes: [JSONValue?] = []
      for _ in ids { codes.append(try await client.message()?["error"]?["code"]) }
      #expect(codes.contains(-32021), "\(codes)")
      #expect(try await harness.untilEnd() == .clean)
    }
  }

  @Test("a second signal ends a daemon at once and only once, whatever waits to be read or saved")
  func secondSignal() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      _ = try await client.call("train-step", Self.sentence)
      client.stopReading()
      let text = String(repeating: "word ", count: 100_000)
      await client.sendLine(Harness.line("tokenize", ["text": .string(text)], id: 1))
      await harness.until { !harness.daemon.service.connections.values.allSatisfy(\.isIdle) }
      harness.daemon.receive(.terminate)
      harness.daemon.receive(.terminate)
      #expect(try await harness.untilEnd() == .unsaved)
      // Whatever the first signal had begun comes to its end.
      for _ in 0..<100 { await EventLoop.nextTurn() }
      harness.daemon.receive(.terminate)
      let lines = harness.ownLines.lines.withLock { $0 }
      #expect(lines.count { $0.hasSuffix("info stopped\n") } == 1, "\(lines)")
    }
  }

  @Test("members of the group that is let in use models, but name no files, delete nothing and stop nobody")
  func members() async throws {
    try await withDaemon { harness in
      let member = try harness.client(as: .member)
      #expect(try await member.call("train-step", Self.sentence)["step"] == 1)
      #expect(try await member.call("next-word", Self.sentence)["words"] != nil)
      for (method, params) in [
        ("train", ["files": ["/etc/hostname"]]), ("train", ["text": "a b", "validation": "/etc/hostname"]),
        ("evaluate", ["file": "/etc/hostname"]), ("create-model", ["name": "x", "files": ["/etc/hostname"]]),
        ("import-model", ["name": "x", "path": "/etc"]), ("export-model", ["name": "default", "path": "/tmp/x"]),
        ("delete-model", ["name": "default"]), ("shutdown", [:]),
      ] as [(String, JSONObject)] {
        let error = try await member.reply(to: method, params)["error"]
        #expect(error?["data"]?["kind"] == "not-permitted", "\(method): \(error ?? .null)")
      }
      #expect(try await harness.client().call("delete-model", ["name": "default"])["deleted"] == true)
    }
  }

  @Test("every limit that status shows can be set by that name, and none to what would overflow")
  func limits() async throws {
    var limits = Limits()
    for (index, limit) in NamedLimit.all.enumerated() {
      #expect(limit.range.contains(limits[keyPath: limit.keyPath]), "\(limit.name)")
      limits[keyPath: limit.keyPath] = limit.range.lowerBound + index
    }
    let described = limits.description
    for (index, limit) in NamedLimit.all.enumerated() {
      #expect(described[limit.name]?.int == limit.range.lowerBound + index, "\(limit.name)")
    }
    #expect(described.object?.members.count == NamedLimit.all.count)
  }

  @Test("a default model that can't be read keeps nobody from the other models")
  func damagedDefault() async throws {
    try await withDaemon { harness in
      _ = try await harness.client().call("create-model", ["name": "small", "hiddenSize": 16])
      _ = try await harness.stop()
      try AtomicFile.replace(
        harness.directory + "/data/models/default/checkpoints/1/config.json", with: Array("{".utf8))
      let second = try await Harness.start(directory: harness.directory)
      let client = try second.client()
      #expect(try await client.reply(to: "next-word", Self.sentence)["error"]?["code"] == -32015)
      #expect(try await client.call("describe-model", ["name": "small"])["step"] == 0)
      _ = try await second.stop()
    }
  }

  @Test("status counts calls, errors and connections, and tells what is not saved")
  func status() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      for _ in 0..<3 { _ = try await client.call("ping") }
      _ = try await client.reply(to: "next-word", ["text": 1])
      _ = try await client.call("train-step", Self.sentence)
      let status = try await client.call("status")
      #expect(status["calls"]?["ping"]?["count"] == 3)
      #expect(status["calls"]?["next-word"]?["errors"] == 1)
      #expect(status["errors"]?["invalid-params"] == 1)
      #expect(status["connections"]?["open"] == 1)
      #expect(status["persistence"]?["unsaved"] == ["default"])
      #expect(status["models"]?.array?.first?["step"] == 1)
      #expect((status["memory"]?["residentBytes"]?.int ?? 0) > 0)
    }
  }

  @Test("the log tells what happens and never a word of the user's")
  func privacy() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      _ = try await client.call("train-step", ["text": "xyzzyword plugh"])
      _ = try await client.reply(to: "xyzzyword", ["text": "xyzzyword"])
      _ = try await client.reply(to: "train-step", ["xyzzyword": "xyzzyword"])
      await client.sendLine("xyzzyword")
      _ = await client.line()
    }
    let lines = Harness.allLines.lines.withLock { $0 }
    #expect(lines.contains { $0.contains("listening") })
    #expect(!lines.contains { $0.contains("xyzzyword") })
  }
}

@Suite("The latency histogram")
struct LatencyHistogramTests {
  @Test("tells percentiles within a quarter of an octave")
  func percentiles() {
    var histogram = LatencyHistogram()
    #expect(histogram.nanoseconds(atPercentile: 50) == nil)
    for value in 1...1_000 { histogram.record(nanoseconds: UInt64(value) * 1_000) }
    for (percentile, exact) in [(50.0, 500_000.0), (99, 990_000), (100, 1_000_000)] {
      let found = histogram.nanoseconds(atPercentile: percentile) ?? 0
      #expect(found >= exact && found <= exact * 1.26, "\(percentile): \(found)")
    }
    histogram.record(nanoseconds: 0)
    histogram.record(nanoseconds: .max)
    #expect(histogram.count == 1_002)
  }
}
