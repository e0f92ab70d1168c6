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
      #expect(harness.ownLines.lines.withLock { $0.count { $0.contains("is read-only") } } == 2)
      let second = try await harness.successorOfCrash()
      let other = try second.client()
      #expect(try await other.call("describe-model", ["name": "tiny"])["step"] == 2)
      let kept = try await DurabilityTests.files(of: second, other)
      #expect(try await kept == DurabilityTests.files(of: harness, client))
      try await second.end()
    }
  }

  @Test("is taken back later what could not be made durable, when its files cannot be read at first")
  func failingSetBack() async throws {
    let disk = FaultyDisk()
    try await withDaemon(disk: disk) { harness in
      let client = try harness.client()
      _ = try await client.call("create-model", DurabilityTests.tiny)
      _ = try await client.call("train-step", Self.tiny("the man bites"))
      let before = try await DurabilityTests.files(of: harness, client)
      let model = try harness.daemon.service.models.model("tiny")
      disk.hold(.journal)
      await client.sendLine(Harness.line("train-step", Self.tiny("never learned"), id: 1))
      await harness.until { disk.heldCount > 0 }
      disk.set(.all)
      disk.hold(nil)
      #expect(try await client.reply()?["error"]?["code"] == -32014)
      #expect(model.hasUnsettledLesson)
      #expect(try await client.call("describe-model", ["name": "tiny"])["step"] == 1)
      disk.set(.none)
      await harness.until { model.failure == nil }
      #expect(!model.hasUnsettledLesson)
      #expect(try await DurabilityTests.files(of: harness, client) == before)
      #expect(try await client.call("train-step", Self.tiny("learned"))["step"] == 2)
    }
  }

  @Test("does not learn what was dropped from the journal with a lesson that it was recorded together with")
  func droppedGroup() async throws {
    let disk = FaultyDisk()
    try await withDaemon(disk: disk) { harness in
      let first = try harness.client()
      _ = try await first.call("create-model", DurabilityTests.tiny)
      let model = try harness.daemon.service.models.model("tiny")
      disk.hold(.journal)
      await first.sendLine(Harness.line("train-step", Self.tiny("durable"), id: 1))
      await harness.until { disk.heldCount > 0 }
      var others: [FakeClient] = []
      for durable in ["fsync", "os", "os", "memory"] {
        let client = try harness.client()
        await client.sendLine(
          Harness.line("train-step", Self.tiny("dropped", ["durable": .string(durable)]), id: 1))
        others.append(client)
        await harness.until { model.turns.lessons.count == others.count }
      }
      // The sync of the first succeeds, that of the others' does not.
      disk.fail(.syncs, inOperation: 1)
      disk.hold(nil)
      #expect(try await first.reply()?["result"]?["step"] == 1)
      for client in others { #expect(try await client.reply()?["error"]?["code"] == -32014) }
      await harness.until { model.failure == nil }
      #expect(try await first.call("describe-model", ["name": "tiny"])["step"] == 1)
      let second = try await harness.successorOfCrash()
      #expect(try await second.client().call("describe-model", ["name": "tiny"])["step"] == 1)
      try await second.end()
    }
  }

  @Test("is saved by the checkpoint that is being written, if that has everything")
  func saveMeanwhile() async throws {
    let disk = FaultyDisk()
    try await withDaemon(disk: disk, replayMilliseconds: 0) { harness in
      let client = try harness.client()
      _ = try await client.call("create-model", DurabilityTests.tiny)
      let model = try harness.daemon.service.models.model("tiny")
      disk.hold(.checkpoints)
      _ = try await client.call("train-step", Self.tiny("the man bites"))
      await harness.until { disk.heldCount > 0 }
      await client.sendLine(Harness.line("save-model", ["name": "tiny"], id: 1))
      await harness.until { !model.turns.isIdle && model.turns.isEmpty }
      disk.hold(nil)
      #expect(try await client.reply()?["result"] != nil)
      #expect(try Self.checkpoints(of: harness) == ["1", "2"])
    }
  }

  @Test("tells a disk that fails from files that are damaged")
  func causes() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      _ = try await client.call("create-model", DurabilityTests.tiny)
      let model = try harness.daemon.service.models.model("tiny")
      let damaged = RPCError.corruptFile("it is damaged")
      #expect(model.readOnlyError(damaged).message == damaged.message)
      let failing = model.readOnlyError(.storage("no space", errno: 28))
      #expect(failing.message.hasSuffix("nothing was changed") && failing.data["errno"] == 28)
      try model.checkWritable()
      model.becomeReadOnly(.storage("no space", errno: 28))
      #expect(throws: RPCError.self) { try model.checkWritable() }
      await harness.until { model.failure == nil }
      try model.checkWritable()
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
    let disk = FaultyDisk()
    try await withDaemon(disk: disk) { harness in
      let (client, saver) = (try harness.client(), try harness.client())
      _ = try await client.call("create-model", DurabilityTests.tiny)
      _ = try await client.call("train-step", Self.tiny("the man bites"))
      disk.hold(.checkpoints)
      await saver.sendLine(Harness.line("save-model", ["name": "tiny"], id: "save"))
      await harness.until { disk.heldCount > 0 }
      _ = try await client.call("train-step", Self.tiny("in the meantime"))
      disk.hold(nil)
      #expect(try await saver.reply()?["result"] != nil)
      _ = try await client.call("save-model", ["name": "tiny"])
      #expect(try Self.checkpoints(of: harness) == ["2", "3"])
      #expect(harness.ownLines.lines.withLock { !$0.contains { $0.contains("can be taught again") } })
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
