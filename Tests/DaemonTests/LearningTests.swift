import JSON
import Synchronization
import Testing

@testable import Daemon

@Suite("Learning and predicting", .timeLimit(.minutes(2)))
struct LearningTests {
  static let sentence: JSONObject = ["text": "the man bites the dog"]

  @Test("a new daemon has an empty default model that answers")
  func emptyModel() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      #expect(try await client.call("next-word", ["text": "the man bites the"])["words"] == [])
      let description = try await client.call("describe-model")
      #expect(description["architecture"] == "lstm")
      #expect(description["openVocabulary"] == true)
      #expect(description["step"] == 0)
    }
  }

  @Test("what a train-step taught is predicted by the next request, on every connection")
  func readYourWrites() async throws {
    try await withDaemon { harness in
      let (teacher, reader) = (try harness.client(), try harness.client())
      for step in 1...4 {
        let report = try await teacher.call("train-step", Self.sentence)
        #expect(report["step"]?.int == step)
        #expect(try await reader.call("describe-model")["step"]?.int == step)
      }
      let words = try await reader.call("next-word", ["text": "the man bites the"])["words"]?.array
      #expect(words?.first?["word"] == "dog")
    }
  }

  @Test("what notifications taught is seen by readers also when a checkpoint, or nothing, comes after them")
  func publishing() async throws {
    // A checkpoint is wanted after every lesson.
    try await withDaemon(replayMilliseconds: 0) { harness in
      let client = try harness.client()
      let count = 50
      for _ in 0..<count { await client.notify("train-step", ["text": "the man"]) }
      let model = try #require(harness.daemon.service.models.loadedModel("default"))
      await harness.until { model.changeCount == count && model.turns.isIdle }
      #expect(model.snapshot?.step == count)
    }
  }

  @Test("what is taught after a rest goes on from what was taught before")
  func rest() async throws {
    let losses = Mutex<[[Double]]>([])
    for restMilliseconds in [0, 3_600_000] {
      try await withDaemon(restMilliseconds: restMilliseconds) { harness in
        let client = try harness.client()
        _ = try await client.call("describe-model")
        let model = try #require(harness.daemon.service.models.loaded.first)
        var found: [Double] = []
        for _ in 0..<4 {
          let report = try await client.call("train-step", Self.sentence)
          found.append(try #require(report["loss"]?.double))
          if restMilliseconds == 0 { await harness.until { model.isResting } }
        }
        #expect(
          try await client.call("next-word", ["text": "the man bites the"])["words"]?.array?.first?["word"] == "dog")
        losses.withLock { $0.append(found) }
      }
    }
    #expect(losses.withLock { $0[0] == $0[1] })
  }

  @Test("the loss of a sentence falls as it is repeated, and new words are counted once")
  func lossFalls() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      var losses: [Double] = []
      var newWords: [Int] = []
      for _ in 0..<6 {
        let report = try await client.call("train-step", Self.sentence)
        losses.append(try #require(report["loss"]?.double))
        newWords.append(try #require(report["newWords"]?.int))
      }
      #expect(losses[5] < losses[0] / 4)
      #expect(newWords == [4, 0, 0, 0, 0, 0])
    }
  }

  @Test("notifications are learned in the background, in order, and hold up nothing")
  func notifications() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      for _ in 0..<20 { await client.notify("train-step", Self.sentence) }
      let ping = try await client.reply(to: "ping")
      #expect(ping["result"] != nil)
      // The lesson that is asked for with a reply stands behind the twenty.
      #expect(try await client.call("train-step", Self.sentence)["step"] == 21)
    }
  }

  @Test("a carried lesson goes on from the hidden state in which the last one ended")
  func carry() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      _ = try await client.call("train-step", Self.sentence)
      let carrying: JSONObject = ["text": "and the dog barks", "carry": true]
      let first = try await client.call("train-step", carrying)
      // Another connection carries nothing over: it begins where the first one did.
      _ = try await client.call("copy-model", ["name": "default", "to": "twin"])
      var onTwin = carrying
      onTwin["model"] = "twin"
      let carried = try await client.call("train-step", carrying)
      let anew = try await harness.client().call("train-step", onTwin)
      #expect(first["tokens"] == 4)
      #expect(carried["loss"] != anew["loss"])
    }
  }

  @Test("prediction goes on while the model trains")
  func predictionWhileTraining() async throws {
    try await withDaemon { harness in
      let (trainer, reader) = (try harness.client(), try harness.client())
      let text = String(repeating: "the man bites the dog and the dog bites the man\n", count: 200)
      await trainer.sendLine(
        Harness.line(
          "train", ["text": .string(text), "epochs": 10_000, "progress": true, "batchSize": 4, "bptt": 8], id: 1))
      let progress = try await trainer.message()
      #expect(progress?["method"] == "$/progress")
      #expect(progress?["params"]?["id"] == 1)
      #expect(progress?["params"]?["value"]?["epochs"] == 10_000)
      let answer = try await reader.call("next-word", ["text": "the man"])
      #expect(answer["words"]?.array?.isEmpty == false)
      #expect(try await reader.call("describe-model")["training"] == true)
      // A lesson comes through between two updates.
      let lesson = try await reader.call("train-step", ["text": "zebras sing"])
      #expect(lesson["newWords"] == 2)
      await trainer.notify("$/cancelRequest", ["id": 1])
      let reply = try await trainer.reply()
      #expect(reply?["error"]?["code"] == -32800)
      #expect(try await reader.call("tokenize", ["text": "zebras sing"])["tokens"] == ["zebras", "sing"])
    }
  }

  @Test("a training that is cancelled has taught nothing")
  func cancelledTraining() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      _ = try await client.call("train-step", Self.sentence)
      let before = try await client.call("score", Self.sentence)
      let text = String(repeating: "one two three four five six seven\n", count: 100)
      await client.sendLine(
        Harness.line("train", ["text": .string(text), "epochs": 10_000, "progress": true, "batchSize": 2], id: "long"))
      #expect(try await client.message()?["method"] == "$/progress")
      await client.notify("$/cancelRequest", ["id": "long"])
      #expect(try await client.reply()?["error"]?["code"] == -32800)
      #expect(try await client.call("score", Self.sentence) == before)
      #expect(try await client.call("describe-model")["step"] == 1)
    }
  }

  @Test("a lesson with a bad token changes nothing")
  func failedLesson() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      _ = try await client.call("train-step", Self.sentence)
      let before = try await client.call("describe-model")
      let reply = try await client.reply(to: "train-step", ["ids": [1, 9_999]])
      #expect(reply["error"]?["code"] == -32012)
      #expect(try await client.call("describe-model") == before)
    }
  }

  @Test("a diverging lesson is refused and changes nothing")
  func divergence() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      let shape: JSONObject = ["name": "wild", "architecture": "elman", "nonlinearity": "relu", "hiddenSize": 32]
      _ = try await client.call("create-model", shape)
      let lesson: JSONObject = [
        "model": "wild", "text": "the man bites the dog and the dog bites the man", "learningRate": 1e6,
        "clipNorm": 1e9,
      ]
      var (before, reply) = (JSONValue.null, JSONValue.null)
      repeat {
        before = try await client.call("describe-model", ["name": "wild"])
        reply = try await client.reply(to: "train-step", lesson)
      } while reply["error"] == nil
      #expect(reply["error"]?["code"] == -32013)
      #expect(reply["error"]?["data"]?["kind"] == "diverged")
      #expect(try await client.call("describe-model", ["name": "wild"]) == before)
    }
  }

  @Test("generation with a seed is repeatable, reports progress, and honours its length")
  func generation() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      for _ in 0..<3 { _ = try await client.call("train-step", Self.sentence) }
      let params: JSONObject = ["text": "the man", "maxTokens": 12, "seed": 7]
      let first = try await client.call("generate", params)
      #expect(try await client.call("generate", params) == first)
      #expect(first["tokens"]?.int ?? 0 <= 12)
    }
  }

  @Test("gradient-flow has a norm for every lag")
  func gradientFlow() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      _ = try await client.call("train-step", Self.sentence)
      let flow = try await client.call("gradient-flow", Self.sentence)
      #expect((flow["norms"]?.array?.count ?? 0) >= 5)
    }
  }
}
