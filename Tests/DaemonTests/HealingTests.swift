import Foundation
import JSON
import RPC
import TestSupport
import Testing

@testable import Daemon

@Suite("A model whose journal needs care", .timeLimit(.minutes(2)))
struct HealingTests {
  private static func tiny(_ text: String, _ more: JSONObject = [:]) -> JSONObject { DurabilityTests.tiny(text, more) }

  /// The names of the model's checkpoints.
  private static func checkpoints(of harness: Harness) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: harness.directory + "/data/models/tiny/checkpoints").sorted()
  }

  @Test(
    "is read-only also when nobody waits for what fails, keeps what it acknowledged, and heals every time",
    arguments: [("os", FaultyDisk.Fault.syncs), ("memory", .syncs), ("memory", .writes)])
  func failingFlush(_ durable: String, _ fault: FaultyDisk.Fault) async throws {
    let disk = FaultyDisk()
    try await withDaemon(disk: disk, flushMilliseconds: 1) { harness in
      let client = try harness.client()
      _ = try await client.call("create-model", DurabilityTests.tiny)
      let model = try harness.daemon.service.models.model("tiny")
      for round in 1...2 {
        disk.set(fault)
        let report = try await client.call("train-step", Self.tiny("round \(round)", ["durable": .string(durable)]))
        #expect(report["step"]?.int == round)
        await harness.until { model.failure != nil }
        #expect(try await client.reply(to: "train-step", Self.tiny("never learned"))["error"]?["code"] == -32014)
        disk.set(.none)
        await harness.until { model.failure == nil }
      }
      let second = try await harness.successorOfCrash()
      let other = try second.client()
      #expect(try await other.call("describe-model", ["name": "tiny"])["step"] == 2)
      let kept = try await DurabilityTests.files(of: second, other)
      #expect(try await kept == DurabilityTests.files(of: harness, client))
      try await second.end()
    }
  }

  @Test("is opened though nothing can be written, can be read, and is taught again when that works")
  func failingOpen() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      _ = try await client.call("create-model", DurabilityTests.tiny)
      _ = try await client.call("train-step", Self.tiny("the man bites"))
      let disk = FaultyDisk()
      disk.set(.writes)
      let second = try await harness.successorOfCrash(on: disk)
      let other = try second.client()
      let description = try await other.call("describe-model", ["name": "tiny"])
      #expect(description["readOnly"] == true && description["step"] == 1)
      #expect(try await other.call("next-word", Self.tiny("the man"))["words"]?.array?.isEmpty == false)
      #expect(try await other.reply(to: "train-step", Self.tiny("refused"))["error"]?["code"] == -32014)
      let model = try second.daemon.service.models.model("tiny")
      disk.set(.none)
      await second.until { model.failure == nil }
      #expect(try await other.call("train-step", Self.tiny("taught again"))["step"] == 2)
      let third = try await second.successorOfCrash()
      #expect(try await third.client().call("describe-model", ["name": "tiny"])["step"] == 2)
      try await third.end()
      try await second.end()
    }
  }

  @Test("has a checkpoint soon after it was opened when there was much to replay, and otherwise when it is saved")
  func checkpointAfterReplay() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      _ = try await client.call("create-model", DurabilityTests.tiny)
      _ = try await client.call("train-step", Self.tiny("the man bites"))
      let quick = try await harness.successorOfCrash(replayMilliseconds: 0)
      _ = try await quick.client().call("describe-model", ["name": "tiny"])
      await quick.until { (try? Self.checkpoints(of: quick))?.contains("2") == true }
      try await quick.end()
      let patient = try await harness.successorOfCrash()
      let other = try patient.client()
      _ = try await other.call("describe-model", ["name": "tiny"])
      #expect(try Self.checkpoints(of: patient) == ["1"])
      // Nothing that came since is left out by a second one, and none is made for nothing.
      for _ in 0..<2 { _ = try await other.call("save-model", ["name": "tiny"]) }
      #expect(try Self.checkpoints(of: patient) == ["1", "2"])
      try await patient.end()
    }
  }

  @Test("is saved with what it was taught while a checkpoint was written")
  func lessonWhileSaving() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      _ = try await client.call("create-model", DurabilityTests.tiny)
      _ = try await client.call("train-step", Self.tiny("the man bites"))
      await client.sendLine(Harness.line("save-model", ["name": "tiny"], id: "save"))
      await client.sendLine(Harness.line("train-step", Self.tiny("in the meantime"), id: "teach"))
      for _ in 0..<2 { #expect(try await client.reply()?["result"] != nil) }
      _ = try await client.call("save-model", ["name": "tiny"])
      #expect(try Self.checkpoints(of: harness) == ["2", "3"])
    }
  }

  @Test("is opened without the end of its journal that was never whole, and the log tells")
  func tornEnd() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      _ = try await client.call("create-model", DurabilityTests.tiny)
      _ = try await client.call("train-step", Self.tiny("the man bites"))
      let second = try await harness.successorOfCrash { data in
        let journal = data + "/models/tiny/journal/"
        let segment = try FileManager.default.contentsOfDirectory(atPath: journal).filter { $0.hasSuffix(".log") }.max()
        let file = try #require(FileHandle(forWritingAtPath: journal + (segment ?? "")))
        _ = try file.seekToEnd()
        try file.write(contentsOf: [1, 2, 3])
      }
      #expect(try await second.client().call("describe-model", ["name": "tiny"])["step"] == 1)
      #expect(second.ownLines.lines.withLock { $0.contains { $0.contains("cut 3 bytes") } })
      try await second.end()
    }
  }

  @Test("has written down that its training diverged before anything else is taught")
  func divergedTraining() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      var params = DurabilityTests.tiny
      (params["architecture"], params["nonlinearity"], params["optimizer"]) = ("elman", "relu", "sgd")
      _ = try await client.call("create-model", params)
      let text = String(repeating: "the man bites the dog and the dog bites back\n", count: 60)
      let training = Self.tiny(text, ["epochs": 100, "batchSize": 1, "bptt": 3, "learningRate": 1e6])
      await client.sendLine(Harness.line("train", training, id: 1))
      let model = try harness.daemon.service.models.model("tiny")
      await harness.until { model.isTraining }
      // Somebody has a turn after every slice, as a lesson would.
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<3 {
          group.addTask {
            while await model.isTraining {
              let leadsToModel = try await model.inTurn { () async throws(RPCError) in try await model.trainer.close() }
              #expect(leadsToModel)
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await client.reply()?["error"]?["code"] == -32013)
    }
  }
}
