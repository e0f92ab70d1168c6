import JSON
import System
import Testing

@testable import Daemon

@Suite("The life of models", .timeLimit(.minutes(2)))
struct ModelLifeTests {
  static let sentence: JSONObject = ["text": "the man bites the dog"]
  static let small: JSONObject = ["name": "small", "hiddenSize": 16]
  /// Room for a small model, but not for all words of `manyWords`.
  static let littleMemory: Limits = {
    var limits = Limits()
    limits.modelByteLimit = 8 << 20
    return limits
  }()
  static let manyWords = JSONValue.string((0..<30_000).map { "w\($0)" }.joined(separator: " "))
  static let longTraining: JSONObject = [
    "model": "small", "text": .string(String(repeating: "one two three four five six seven\n", count: 100)),
    "epochs": 10_000, "batchSize": 2, "progress": true,
  ]

  @Test("of two creations of one name at once, one is answered with the model and the other with model-exists")
  func twoCreations() async throws {
    try await withDaemon { harness in
      let clients = try (0..<4).map { _ in try harness.client() }
      for client in clients { await client.sendLine(Harness.line("create-model", Self.small, id: 1)) }
      var codes: [Int?] = []
      for client in clients { codes.append(try await client.message()?["error"]?["code"]?.int) }
      #expect(codes.filter { $0 == nil }.count == 1)
      #expect(codes.filter { $0 == -32011 }.count == 3)
    }
  }

  @Test("a creation that fails leaves its name free, also for one that waits")
  func failedCreation() async throws {
    try await withDaemon { harness in
      let (first, second) = (try harness.client(), try harness.client())
      await first.sendLine(
        Harness.line("create-model", ["name": "small", "files": ["/no/such/file"]], id: 1))
      await second.sendLine(Harness.line("create-model", Self.small, id: 1))
      #expect(try await first.message()?["error"]?["code"] == -32014)
      #expect(try await second.message()?["result"]?["name"] == "small")
    }
  }

  @Test("a creation that is cancelled is answered at once and leaves its name free")
  func cancelledCreation() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      let text = String(repeating: "once upon a time there was a king ", count: 2_000)
      let model: JSONObject = ["name": "small", "tokenizer": "byte-bpe", "text": .string(text)]
      await client.sendLine(Harness.line("create-model", model, id: 1))
      await harness.until { harness.daemon.service.models.loadedModel("small") != nil }
      await client.notify("$/cancelRequest", ["id": 1])
      let reply = try await client.message()
      if reply?["result"] == nil {
        #expect(reply?["error"]?["code"] == -32800)
        await harness.until { !harness.daemon.service.models.names.contains("small") }
      } else {
        _ = try await client.call("delete-model", ["name": "small"])
      }
      #expect(try await client.call("create-model", Self.small)["step"] == 0)
    }
  }

  @Test("what was asked of a model while it is made is answered once it is there")
  func useDuringCreation() async throws {
    try await withDaemon { harness in
      let (maker, user) = (try harness.client(), try harness.client())
      await maker.sendLine(Harness.line("create-model", Self.small, id: 1))
      await harness.until { harness.daemon.service.models.loadedModel("small") != nil }
      let step = try await user.call("train-step", ["model": "small", "text": "a b c"])
      #expect(step["step"] == 1)
      #expect(try await maker.message()?["result"] != nil)
    }
  }

  @Test("a model that is deleted while it trains is gone, and its name is free")
  func deletionDuringTraining() async throws {
    try await withDaemon { harness in
      let (trainer, other) = (try harness.client(), try harness.client())
      _ = try await other.call("create-model", Self.small)
      await trainer.sendLine(Harness.line("train", Self.longTraining, id: 1))
      #expect(try await trainer.message()?["method"] == "$/progress")
      #expect(try await other.call("delete-model", ["name": "small"])["deleted"] == true)
      #expect(try await trainer.reply()?["error"]?["code"] == -32010)
      #expect(try await other.reply(to: "describe-model", ["name": "small"])["error"]?["code"] == -32010)
      #expect(!FileSystem.exists(harness.directory + "/data/models/small"))
      #expect(try await other.call("create-model", Self.small)["step"] == 0)
    }
  }

  @Test("a model that trains isn't unloaded")
  func unloadingDuringTraining() async throws {
    try await withDaemon { harness in
      let (trainer, other) = (try harness.client(), try harness.client())
      _ = try await other.call("create-model", Self.small)
      await trainer.sendLine(Harness.line("train", Self.longTraining, id: 1))
      #expect(try await trainer.message()?["method"] == "$/progress")
      #expect(try await other.reply(to: "unload-model", ["name": "small"])["error"]?["code"] == -32020)
      await trainer.notify("$/cancelRequest", ["id": 1])
      #expect(try await trainer.reply()?["error"]?["code"] == -32800)
    }
  }

  @Test("an unloaded model is loaded on demand, with all that it had learned")
  func unloading() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      for _ in 0..<3 { _ = try await client.call("train-step", Self.sentence) }
      let before = try await client.call("score", Self.sentence)
      _ = try await client.call("unload-model", ["name": "default"])
      let models = try await client.call("list-models")["models"]?.array
      #expect(models?.first?["loaded"] == false)
      #expect(try await client.call("score", Self.sentence) == before)
      #expect(try await client.call("train-step", Self.sentence)["step"] == 4)
    }
  }

  @Test("requests for a model that is being unloaded wait, and find it loaded again")
  func loadWhileUnloading() async throws {
    try await withDaemon { harness in
      let (unloader, user) = (try harness.client(), try harness.client())
      _ = try await user.call("train-step", Self.sentence)
      for round in 1...5 {
        await unloader.sendLine(Harness.line("unload-model", ["name": "default"], id: 1))
        await user.sendLine(Harness.line("train-step", Self.sentence, id: 2))
        await user.sendLine(Harness.line("describe-model", [:], id: 3))
        #expect(try await unloader.message()?["result"] != nil)
        #expect(try await user.message()?["result"]?["step"]?.int == 1 + round)
        #expect(try await user.message()?["result"]?["step"]?.int == 1 + round)
      }
    }
  }

  @Test("a model that can't be saved stays in memory, is said to fail, and is saved when it can be")
  func failingSave() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      _ = try await client.call("train-step", Self.sentence)
      // A directory in the way of the file that is to be written.
      let obstacle = harness.directory + "/data/models/default/manifest.json.tmp"
      try FileSystem.createDirectory(obstacle)
      for call in ["save-model", "unload-model"] {
        let error = try await client.reply(to: call, ["name": "default"])["error"]
        #expect(error?["code"] == -32014)
        #expect(error?["data"]?["errno"]?.int != nil)
      }
      #expect(try await client.call("describe-model")["dirty"] == true)
      let failing = try await client.call("status")["persistence"]?["failing"]?.array
      #expect(failing?.first?["name"] == "default")
      try FileSystem.removeTree(obstacle)
      #expect(try await client.call("save-model", ["name": "default"])["dirty"] == false)
      #expect(try await client.call("unload-model", ["name": "default"])["loaded"] == false)
    }
  }

  @Test("a damaged model is refused by its file, and all others serve")
  func damagedModel() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      _ = try await client.call("create-model", Self.small)
      _ = try await client.call("unload-model", ["name": "small"])
      let weights = harness.directory + "/data/models/small/checkpoints/1/model.safetensors"
      let bytes = try FileSystem.readFile(weights, byteLimit: 1 << 24)
      try AtomicFile.replace(weights, with: Array(bytes.dropLast(8)))
      let error = try await client.reply(to: "next-word", ["model": "small", "text": "a"])["error"]
      #expect(error?["code"] == -32015)
      #expect(error?["data"]?["file"] == "checkpoints/1/model.safetensors")
      #expect(error?["data"]?["offset"]?.int == bytes.count - 8)
      #expect(try await client.call("train-step", Self.sentence)["step"] == 1)
      try AtomicFile.replace(weights, with: bytes)
      #expect(try await client.call("describe-model", ["name": "small"])["step"] == 0)
    }
  }

  @Test("a copy, and what is exported and imported, is like the model it was made of, and goes its own way")
  func copies() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      for _ in 0..<2 { _ = try await client.call("train-step", Self.sentence) }
      let path = harness.home("exported")
      try FileSystem.createDirectory(harness.home(""), withParents: true)
      _ = try await client.call("export-model", ["name": "default", "path": .string(path)])
      _ = try await client.call("import-model", ["name": "third", "path": .string(path)])
      _ = try await client.call("copy-model", ["name": "default", "to": "second"])
      let score = try await client.call("score", Self.sentence)
      for name in ["second", "third"] {
        var question = Self.sentence
        question["model"] = .string(name)
        #expect(try await client.call("score", question) == score)
        #expect(try await client.call("train-step", question)["step"] == 3)
      }
      #expect(try await client.call("score", Self.sentence) == score)
      #expect(try await client.reply(to: "copy-model", ["name": "default", "to": "third"])["error"]?["code"] == -32011)
    }
  }

  @Test("a model that is too large for the memory left is refused by the limit's name")
  func memoryLimit() async throws {
    try await withDaemon(limits: Self.littleMemory) { harness in
      let client = try harness.client()
      let error = try await client.reply(to: "create-model", ["name": "big", "hiddenSize": 1_024])["error"]
      #expect(error?["code"] == -32016)
      #expect(error?["data"]?["limit"] == "modelBytes")
      #expect(try await client.call("create-model", Self.small)["step"] == 0)
    }
  }

  @Test("a training on more new words than there is memory for is refused with a hint, and changes nothing")
  func trainingGrowth() async throws {
    try await withDaemon(limits: Self.littleMemory) { harness in
      let client = try harness.client()
      _ = try await client.call("create-model", Self.small)
      let before = try await client.call("describe-model", ["name": "small"])
      let error = try await client.reply(to: "train", ["model": "small", "text": Self.manyWords])["error"]
      #expect(error?["code"] == -32016)
      #expect(error?["data"]?["limit"] == "modelBytes", "\(error ?? .null)")
      #expect(error?["data"]?["hint"]?.string?.contains("fewer new words") == true)
      #expect(try await client.call("describe-model", ["name": "small"]) == before)
      #expect(try await client.call("train", ["model": "small", "text": "a b c a b c"])["tokens"] != nil)
    }
  }

  @Test("a model that is too large for the memory left is not imported, and leaves nothing behind")
  func importLimit() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      _ = try await client.call("create-model", Self.small)
      let path = JSONValue.string(harness.directory + "/exported")
      _ = try await client.call("export-model", ["name": "small", "path": path])
      let second = try await Harness.start(limits: Self.littleMemory)
      let other = try second.client()
      #expect(try await other.call("import-model", ["name": "fits", "path": path])["step"] == 0)
      _ = try await other.call("unload-model", ["name": "fits"])
      let text = try String(contentsOfFile: harness.directory + "/exported/config.json", encoding: .utf8)
      let larger = text.replacing(/"hidden_size": ?\d+/, with: #""hidden_size":4096"#)
      #expect(larger != text)
      try larger.write(toFile: harness.directory + "/exported/config.json", atomically: true, encoding: .utf8)
      let error = try await other.reply(to: "import-model", ["name": "big", "path": path])["error"]
      #expect(error?["data"]?["limit"] == "modelBytes", "\(error ?? .null)")
      #expect(error?["data"]?["hint"] != nil)
      #expect(!FileSystem.exists(second.directory + "/data/models/big"))
      try await second.end()
    }
  }

  @Test("a lesson of more new words than there is memory for is refused, also when it stands in the journal already")
  func growth() async throws {
    try await withDaemon(limits: Self.littleMemory) { harness in
      let client = try harness.client()
      _ = try await client.call("create-model", Self.small)
      let many: JSONObject = ["model": "small", "text": Self.manyWords]
      let error = try await client.reply(to: "train-step", many)["error"]
      #expect(error?["data"]?["limit"] == "modelBytes", "\(error ?? .null)")
      await client.notify("train-step", many)
      #expect(try await client.call("train-step", ["model": "small", "text": "a b c"])["step"] == 1)
      // Where there is more memory, what was refused is not taught after all.
      let second = try await harness.successorOfCrash()
      let found = try await second.client().call("describe-model", ["name": "small"])
      #expect(found["step"] == 1)
      #expect(found["vocabularySize"] == 5)
      try await second.end()
    }
  }
}
