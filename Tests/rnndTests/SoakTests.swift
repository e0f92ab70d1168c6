import Foundation
import Glibc
import JSON
import System
import Testing

extension ProcessTests {
  /// Everything at once for a while: training, predicting, loading, unloading, clients that crash.
  ///
  /// The short form lasts two seconds, the long one 30 minutes (`RNND_LONG_TESTS=1 swift test --filter SoakTests`; with
  /// `RNND_SOAK_SECONDS=N` N seconds), and prints what it found.
  @Suite struct SoakTests {
    @Test(
      "A busy daemon takes no more memory and descriptors with time, and every answer is right",
      .timeLimit(.minutes(60)))
    func soak() throws {
      let asked = ProcessInfo.processInfo.environment["RNND_SOAK_SECONDS"].flatMap { Int($0) }
      let seconds = asked ?? (runsLongTests ? 1_800 : 2)
      let sandbox = try Sandbox()
      let figures = DaemonFigures(processID: try sandbox.start())
      let neighbour = try Neighbour(sandbox.socketPath)
      let isOver = Deadline(afterMilliseconds: seconds * 1_000)
      let path = sandbox.socketPath
      let workers = [Self.teach, Self.comeAndGo, Self.crash].enumerated().map { index, work in
        Worker { try work(path, UInt64(index), isOver) }
      }
      // Models have been made and freed and threads begun by then.
      let warm = Deadline(afterMilliseconds: seconds * 100)
      var before = figures.now
      var early: Neighbour.Measurement?
      var late: Neighbour.Measurement?
      var peak = 0
      while !isOver.hasPassed {
        let part = neighbour.measure { for _ in 0..<20 { neighbour.awaitAnswer() } }
        if warm.hasPassed, early == nil { (early, before) = (part, figures.now) }
        late = part
        peak = max(peak, figures.now.residentByteCount)
      }
      let counts = try workers.map { try $0.outcome() }
      #expect(eventually { neighbour.openConnectionCount == 1 })
      // Sessions of the same kind may be open then and now; what leaks would be one for each of thousands.
      #expect(eventually { figures.now.descriptorCount <= before.descriptorCount + 8 }, "\(figures.now) \(before)")
      let level = before.residentByteCount + 64 << 20
      #expect(DaemonFigures.keepsFreedMemory || eventually { figures.now.residentByteCount <= level }, "\(figures.now)")
      let after = figures.now
      #expect(neighbour.end() == 0, "wrong answers")
      if runsLongTests || asked != nil, let early, let late {
        print(
          "soak: \(seconds) s, \(counts[0]) lessons, \(counts[1]) models made, unloaded, loaded and deleted, \(counts[2]) "
            + "clients crashed; resident \(before.residentByteCount >> 20) MiB early, \(after.residentByteCount >> 20) MiB "
            + "after, at most \(peak >> 20) MiB; descriptors \(before.descriptorCount), \(after.descriptorCount); the "
            + "neighbour's p99 \(early.p99Microseconds) µs early, \(late.p99Microseconds) µs late")
      }
      try sandbox.rnnd("stop")
      #expect(!sandbox.log.contains(" error "), "\(sandbox.log)")
    }

    /// Teaches a model that keeps its vocabulary.
    private static func teach(_ path: String, _ seed: UInt64, _ isOver: Deadline) throws -> Int {
      let client = try WireClient(path)
      var random = SplitMix(seed: seed)
      var count = 0
      while !isOver.hasPassed {
        let text = (0..<8).map { _ in "w\(random.next() % 200)" }.joined(separator: " ")
        let reply = client.reply(to: "train-step", ["text": .string(text)])
        try #require(reply?["result"]?["step"]?.int == count + 1, "\(String(describing: reply))")
        count += 1
      }
      return count
    }

    /// Makes models, teaches, unloads, loads and deletes them.
    private static func comeAndGo(_ path: String, _ seed: UInt64, _ isOver: Deadline) throws -> Int {
      let client = try WireClient(path)
      var count = 0
      while !isOver.hasPassed {
        let name: JSONObject = ["name": "guest"]
        for (method, params) in [
          ("create-model", ["name": "guest", "hiddenSize": 32]), ("train-step", ["model": "guest", "text": "a b c a"]),
          ("unload-model", name), ("score", ["model": "guest", "text": "a b"]), ("delete-model", name),
        ] as [(String, JSONObject)] {
          let reply = client.reply(to: method, params)
          try #require(reply?["result"] != nil, "\(method): \(String(describing: reply))")
        }
        count += 1
      }
      return count
    }

    /// Connects, asks for something, and is gone in the middle of it.
    private static func crash(_ path: String, _ seed: UInt64, _ isOver: Deadline) throws -> Int {
      var random = SplitMix(seed: seed)
      let calls: [(String, JSONObject)] = [
        ("generate", ["model": "neighbour", "text": "the", "maxTokens": 200]), ("rpc.discover", [:]), ("status", [:]),
        ("next-word", ["model": "neighbour", "text": "the man"]),
        ("train", ["model": "neighbour2", "text": "a b"]),
        ("tokenize", ["text": .string(String(repeating: "a ", count: 9_000))]),
      ]
      var count = 0
      while !isOver.hasPassed {
        let client = try WireClient(path)
        let (method, params) = calls[Int(random.next() % UInt64(calls.count))]
        let line = Array((WireClient.request(method, params, id: 1) + "\n").utf8)
        client.send(Array(line.prefix(Int(random.next() % UInt64(2 * line.count)))))
        if random.next() % 2 == 0 { client.halfClose() }
        count += 1
        usleep(500)
      }
      return count
    }
  }
}

/// Work on a thread of its own, with a count of what was done or why it ended.
private final class Worker: @unchecked Sendable {
  // Sendable: what the thread leaves is read only after it has said that it is done.
  private let isDone = DispatchSemaphore(value: 0)
  private var result: Result<Int, any Error> = .success(0)

  init(_ body: @escaping () throws -> Int) {
    let box = Box(body)
    Thread { [self] in
      result = Result { try box.body() }
      isDone.signal()
    }.start()
  }

  private final class Box: @unchecked Sendable {
    // Sendable: handed to the thread and used by nobody else.
    let body: () throws -> Int

    init(_ body: @escaping () throws -> Int) { self.body = body }
  }

  func outcome() throws -> Int {
    isDone.wait()
    return try result.get()
  }
}
