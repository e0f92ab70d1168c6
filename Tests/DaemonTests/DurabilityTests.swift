import Foundation
import JSON
import Storage
import System
import TestSupport
import Testing

@testable import Daemon

@Suite("What was acknowledged", .timeLimit(.minutes(2)))
struct DurabilityTests {
  static let sentence: JSONObject = ["text": "the man bites the dog"]
  static let tiny: JSONObject = ["name": "tiny", "embeddingSize": 6, "hiddenSize": 8, "optimizer": "adamw"]

  static func tiny(_ text: String, _ more: JSONObject = [:]) -> JSONObject {
    var params: JSONObject = ["model": "tiny", "text": .string(text)]
    for member in more.members { params[member.name] = member.value }
    return params
  }

  /// Every byte of the model's files.
  @EventLoop
  static func files(of harness: Harness, _ client: FakeClient, _ model: String = "tiny") async throws
    -> [String: Data]
  {
    let path = harness.directory + "/" + UUID().uuidString
    _ = try await client.call("export-model", ["name": .string(model), "path": .string(path)])
    var files: [String: Data] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: path) {
      files[name] = try Data(contentsOf: URL(fileURLWithPath: path + "/" + name))
    }
    #expect(files.count == 4)
    return files
  }

  @Test("is there after a crash, to the bit: new words, carried states, batches, notifications")
  func crash() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      _ = try await client.call("create-model", Self.tiny)
      for index in 0..<4 {
        _ = try await client.call("train-step", Self.tiny("the man bites dog\(index)", ["carry": true]))
      }
      await client.notify("train-step", Self.tiny("taught by a notification"))
      _ = try await client.call("train-step", ["model": "tiny", "texts": ["a b c", "d e"], "clipNorm": 0.1])
      #expect(try await client.reply(to: "train-step", Self.tiny("too far", ["learningRate": 1e6]))["error"] == nil)
      let report = try await client.call("train-step", Self.tiny("the last", ["bptt": 1]))
      #expect(report["durable"] == "fsync")
      let before = try await Self.files(of: harness, client)
      let second = try await harness.successorOfCrash()
      let other = try second.client()
      #expect(try await other.call("describe-model", ["name": "tiny"])["step"] == report["step"])
      #expect(try await Self.files(of: second, other) == before)
      // And what is taught next goes on from there.
      let next = Self.tiny("and on")
      #expect(try await other.call("train-step", next) == client.call("train-step", next))
      try await second.end()
    }
  }

  @Test("shares syncs among lessons that wait together")
  func groups() async throws {
    let disk = FaultyDisk()
    try await withDaemon(disk: disk) { harness in
      let client = try harness.client()
      _ = try await client.call("create-model", Self.tiny)
      let before = disk.journalSyncCount
      let clients = try (0..<20).map { _ in try harness.client() }
      disk.hold(.journal)
      for (index, client) in clients.enumerated() {
        await client.sendLine(Harness.line("train-step", Self.tiny("lesson \(index)"), id: 1))
      }
      await harness.until { disk.journalSyncCount > before }
      // The first lesson waits for its sync; let all the others arrive.
      let model = try harness.daemon.service.models.model("tiny")
      await harness.until { model.turns.lessons.count == clients.count - 1 }
      disk.hold(nil)
      for client in clients { #expect(try await client.reply()?["result"]?["durable"] == "fsync") }
      #expect(disk.journalSyncCount - before <= 3)
      #expect(try await client.call("describe-model", ["name": "tiny"])["step"] == 20)
    }
  }

  @Test("is answered before it is durable when that was asked for", arguments: ["os", "memory"])
  func lessDurable(_ durable: JSONValue) async throws {
    let disk = FaultyDisk()
    try await withDaemon(disk: disk, flushMilliseconds: 3_600_000) { harness in
      let client = try harness.client()
      _ = try await client.call("create-model", Self.tiny)
      let before = disk.journalSyncCount
      #expect(try await client.call("train-step", Self.tiny("a b", ["durable": durable]))["durable"] == durable)
      #expect(disk.journalSyncCount == before)
    }
  }

  @Test("is made durable by and by though nobody waited for that", arguments: ["os", "memory"])
  func durableLater(_ durable: JSONValue) async throws {
    let disk = FaultyDisk()
    try await withDaemon(disk: disk, flushMilliseconds: 1) { harness in
      let client = try harness.client()
      _ = try await client.call("create-model", Self.tiny)
      let before = disk.journalSyncCount
      _ = try await client.call("train-step", Self.tiny("a b", ["durable": durable]))
      await harness.until { disk.journalSyncCount > before }
      let second = try await harness.successorOfCrash()
      #expect(try await second.client().call("describe-model", ["name": "tiny"])["step"] == 1)
      try await second.end()
    }
  }

  @Test("without being durable stays when a later lesson's sync fails, and is kept once the disk works again")
  func lessDurableOutlivesFailure() async throws {
    let disk = FaultyDisk()
    try await withDaemon(disk: disk, flushMilliseconds: 3_600_000) { harness in
      let client = try harness.client()
      _ = try await client.call("create-model", Self.tiny)
      _ = try await client.call("train-step", Self.tiny("the man bites"))
      let keyed: JSONObject = ["durable": "os", "requestKey": "known"]
      _ = try await client.call("train-step", Self.tiny("with new words", keyed))
      _ = try await client.call("train-step", Self.tiny("and others", ["durable": "memory"]))
      let before = try await Self.files(of: harness, client)
      disk.set(.syncs)
      for _ in 0..<2 {
        let error = try await client.reply(to: "train-step", Self.tiny("never learned"))["error"]
        #expect(error?["code"] == -32014)
      }
      #expect(try await client.call("describe-model", ["name": "tiny"])["step"] == 3)
      #expect(try await Self.files(of: harness, client) == before)
      #expect(try await client.call("train-step", Self.tiny("with new words", keyed))["repeated"] == true)
      disk.set(.none)
      let model = try harness.daemon.service.models.model("tiny")
      await harness.until { model.failure == nil }
      #expect(try await Self.files(of: harness, client) == before)
      #expect(try await client.call("train-step", Self.tiny("learned again"))["step"] == 4)
      let after = try await Self.files(of: harness, client)
      let second = try await harness.successorOfCrash()
      #expect(try await Self.files(of: second, try second.client()) == after)
      try await second.end()
    }
  }

  @Test("is all that there is when the disk fails, and the model heals", arguments: [FaultyDisk.Fault.writes, .syncs])
  func failingDisk(_ fault: FaultyDisk.Fault) async throws {
    let disk = FaultyDisk()
    try await withDaemon(disk: disk) { harness in
      let client = try harness.client()
      _ = try await client.call("create-model", Self.tiny)
      let known = Self.tiny("the man bites", ["requestKey": "known"])
      _ = try await client.call("train-step", known)
      let before = try await Self.files(of: harness, client)
      disk.set(fault)
      for params in [Self.tiny("never learned"), Self.tiny("nor this")] {
        let error = try await client.reply(to: "train-step", params)["error"]
        #expect(error?["code"] == -32014)
        #expect(error?["data"]?["errno"]?.int == (fault == .writes ? 28 : 5))
      }
      #expect(try await client.reply(to: "train", Self.tiny("nor this text"))["error"]?["code"] == -32014)
      #expect(try await client.reply(to: "save-model", ["name": "tiny"])["error"]?["code"] == -32014)
      #expect(try await client.call("train-step", known)["repeated"] == true)
      // Predictions go on, and nothing has changed.
      #expect(try await client.call("next-word", Self.tiny("the man"))["words"]?.array?.isEmpty == false)
      #expect(try await Self.files(of: harness, client) == before)
      #expect(try await client.call("describe-model", ["name": "tiny"])["readOnly"] == true)
      let failing = try await client.call("status")["persistence"]?["failing"]?.array
      #expect(failing?.first?["name"] == "tiny")
      // The other models are not affected by it, but for the disk.
      disk.set(.none)
      let model = try harness.daemon.service.models.model("tiny")
      await harness.until { model.failure == nil }
      #expect(try await client.call("train-step", Self.tiny("learned again"))["step"] == 2)
      let second = try await harness.successorOfCrash()
      let other = try second.client()
      #expect(try await Self.files(of: second, other) == Self.files(of: harness, client))
      try await second.end()
    }
  }

  @Test("is taught once by a request with a key, however often it comes, also after a crash")
  func requestKeys() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      _ = try await client.call("create-model", Self.tiny)
      let request = Self.tiny("the man bites", ["requestKey": "k1"])
      let first = try await client.call("train-step", request)
      #expect(first["repeated"] == nil)
      let second = try await client.call("train-step", request)
      #expect(second["repeated"] == true && second["loss"] == first["loss"] && second["step"] == 1)
      let other = Self.tiny("another text", ["requestKey": "k1"])
      #expect(try await client.reply(to: "train-step", other)["error"]?["code"] == -32602)
      let long = JSONValue.string(String(repeating: "k", count: 129))
      for bad in ["", long] {
        let reply = try await client.reply(to: "train-step", Self.tiny("a", ["requestKey": bad]))
        #expect(reply["error"]?["data"]?["path"] == "requestKey")
      }
      _ = try await client.call("save-model", ["name": "tiny"])
      _ = try await client.call("train-step", Self.tiny("more", ["requestKey": "k2"]))
      let successor = try await harness.successorOfCrash()
      let again = try successor.client()
      #expect(try await again.call("train-step", request) == second)
      #expect(try await again.call("train-step", Self.tiny("more", ["requestKey": "k2"]))["repeated"] == true)
      #expect(try await again.call("describe-model", ["name": "tiny"])["step"] == 2)
      try await successor.end()
    }
  }

  @Test("is taught only at the step that the request names")
  func ifStep() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      _ = try await client.call("create-model", Self.tiny)
      #expect(try await client.call("train-step", Self.tiny("a b", ["ifStep": 0]))["step"] == 1)
      let error = try await client.reply(to: "train-step", Self.tiny("a b", ["ifStep": 0]))["error"]
      #expect(error?["code"] == -32017 && error?["data"]?["step"] == 1)
      #expect(try await client.call("describe-model", ["name": "tiny"])["step"] == 1)
    }
  }

  @Test("of a training goes on after a crash to the bits of one that was never disturbed, lessons in between included")
  func interruptedTraining() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      _ = try await client.call("create-model", Self.tiny)
      let text = String(repeating: "the man bites the dog and the dog bites back\n", count: 60)
      let training = Self.tiny(text, ["epochs": 100, "batchSize": 3, "bptt": 5])
      let trainer = try harness.client()
      await trainer.sendLine(Harness.line("train", training, id: 1))
      let model = try harness.daemon.service.models.model("tiny")
      await harness.until { model.isTraining }
      let lesson = try await client.call("train-step", Self.tiny("zebras sing in between"))
      let second = try await harness.successorOfCrash()
      let other = try second.client()
      let loaded = try await other.call("describe-model", ["name": "tiny"])
      #expect(try #require(loaded["step"]?.int) >= #require(lesson["step"]?.int))
      #expect(second.ownLines.lines.withLock { $0.contains { $0.contains("goes on with the training") } })
      let successor = try second.daemon.service.models.model("tiny")
      await second.until { !successor.isTraining }
      #expect(try await trainer.reply()?["result"] != nil)
      #expect(try await Self.files(of: second, other) == Self.files(of: harness, client))
      try await second.end()
    }
  }

  @Test("stays when a training is cancelled, and no training comes back")
  func cancelledTraining() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      _ = try await client.call("create-model", Self.tiny)
      _ = try await client.call("train-step", Self.tiny("before"))
      let before = try await Self.files(of: harness, client)
      let text = String(repeating: "one two three four five\n", count: 100)
      await client.sendLine(Harness.line("train", Self.tiny(text, ["epochs": 10_000, "progress": true]), id: "long"))
      #expect(try await client.message()?["method"] == "$/progress")
      await client.notify("$/cancelRequest", ["id": "long"])
      #expect(try await client.reply()?["error"]?["code"] == -32800)
      let second = try await harness.successorOfCrash()
      let other = try second.client()
      #expect(try await Self.files(of: second, other) == before)
      #expect(try await other.call("describe-model", ["name": "tiny"])["training"] == false)
      try await second.end()
    }
  }
}

extension DurabilityTests {
  @Test("is there with checkpoints written all the while, and after a crash at any time")
  func checkpointsAllTheWhile() async throws {
    try await withDaemon(replayMilliseconds: 0) { harness in
      let clients = try (0..<4).map { _ in try harness.client() }
      _ = try await clients[0].call("create-model", Self.tiny)
      for round in 0..<5 {
        for (index, client) in clients.enumerated() {
          for lesson in 0..<3 { await client.notify("train-step", Self.tiny("round \(round) of \(index) \(lesson)")) }
          await client.sendLine(Harness.line("train-step", Self.tiny("asked \(round) \(index)"), id: 1))
        }
        for client in clients { #expect(try await client.reply()?["result"] != nil) }
        let second = try await harness.successorOfCrash()
        let other = try second.client()
        #expect(try await Self.files(of: second, other) == Self.files(of: harness, clients[0]))
        try await second.end()
      }
      let path = harness.directory + "/data/models/tiny/checkpoints"
      let numbers = try FileManager.default.contentsOfDirectory(atPath: path).compactMap { Int($0) }
      #expect(try #require(numbers.max()) > 3)
    }
  }

  /// The long form (`RNND_LONG_TESTS=1`) has every operation fail in turn, the short one every fifth.
  @Test("is just what is there, whichever operation of the disk fails", arguments: [FaultyDisk.Fault.writes, .syncs])
  func everyFault(_ fault: FaultyDisk.Fault) async throws {
    let stride = ProcessInfo.processInfo.environment["RNND_LONG_TESTS"] == nil ? 5 : 1
    var failing = 0
    while true {
      let disk = FaultyDisk()
      var hasFailed = false
      try await withDaemon(disk: disk) { harness in
        let (client, other) = (try harness.client(), try harness.client())
        _ = try await client.call("create-model", Self.tiny)
        var twin = Self.tiny
        twin["name"] = "twin"
        _ = try await client.call("create-model", twin)
        disk.fail(fault, inOperation: failing)
        for lesson in 0..<4 {
          let params = Self.tiny("lesson \(lesson) of several", ["requestKey": .string("\(lesson)")])
          while try await other.reply(to: "train-step", params)["error"] != nil {
            let model = try harness.daemon.service.models.model("tiny")
            await harness.until { model.failure == nil }
          }
          if lesson == 1 { _ = try await other.reply(to: "save-model", ["name": "tiny"]) }
          if lesson == 2 { await client.notify("train-step", Self.tiny("untaught", ["ifStep": 0])) }
        }
        hasFailed = disk.hasFailed
        disk.set(.none)
        for lesson in 0..<4 {
          _ = try await client.call("train-step", ["model": "twin", "text": .string("lesson \(lesson) of several")])
        }
        let expected = try await Self.files(of: harness, client, "twin")
        #expect(try await Self.files(of: harness, client) == expected, "operation \(failing)")
        let second = try await harness.successorOfCrash()
        #expect(try await Self.files(of: second, second.client()) == expected, "operation \(failing), after a crash")
        try await second.end()
      }
      if !hasFailed { break }
      failing += stride
    }
    #expect(failing > 10)
  }
}
