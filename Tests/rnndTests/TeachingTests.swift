import Foundation
import Glibc
import JSON
import System
import Testing

@testable import rnnd

extension ProcessTests {
  /// What a person does with it: teach, ask, train, and find it all again.
  @Suite struct TeachingTests {
    let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    private func teach(_ times: Int = 30) throws {
      for _ in 0..<times { #expect(try sandbox.rnnd("train-step", "the man bites the dog").status == 0) }
    }

    private func step() throws -> Int? { try sandbox.rnnd("describe-model", "--json").json()["step"]?.int }

    @Test("A sentence taught some times over is known by heart")
    func teachAndAsk() throws {
      try sandbox.start()
      try teach()
      let words = try sandbox.rnnd("next-word", "the man bites the ").lines
      #expect(words.first?.hasPrefix("dog\t") == true, "\(words)")
      let completed = try sandbox.rnnd("next-word", "the man bi", "--json").json()
      #expect(completed["prefix"] == "bi")
      #expect(completed["words"]?.array?.first?["completion"] == "tes")
    }

    @Test("Text comes as words, as one word, from a pipe, or for a dash: it is the same text")
    func textSources() throws {
      try sandbox.start()
      try teach(2)
      let scores = [
        try sandbox.rnnd("score", "the man bites the dog", "--json"),
        try sandbox.rnnd("score", "the", "man", "bites", "the", "dog", "--json"),
        try sandbox.rnnd("score", "--json", input: "the man bites the dog\n"),
        try sandbox.rnnd("score", "-", "--json", input: "the man bites the dog"),
        try sandbox.rnnd("score", "--text", "the man bites the dog", "--json"),
      ]
      #expect(Set(scores.map(\.output)).count == 1, "\(scores.map(\.output))")
      #expect(try scores[0].json()["tokens"] == 5)
    }

    @Test("What was learned before a signal to end is there after the next start", arguments: [SIGTERM, SIGINT])
    func signalSaves(signal: Int32) throws {
      let daemon = try sandbox.start()
      try teach(3)
      #expect(try step() == 3)
      let before = try sandbox.rnnd("score", "the man bites the dog", "--json").output
      kill(daemon, signal)
      #expect(eventually { sandbox.daemonProcessID == nil })
      try sandbox.start()
      #expect(try step() == 3)
      #expect(try sandbox.rnnd("score", "the man bites the dog", "--json").output == before)
    }

    @Test("What save-model has written survives kill -9")
    func savedSurvives() throws {
      let daemon = try sandbox.start()
      try teach(2)
      #expect(try sandbox.rnnd("save-model", "default").status == 0)
      kill(daemon, SIGKILL)
      #expect(eventually { sandbox.daemonProcessID == nil })
      try sandbox.start()
      #expect(try step() == 2)
    }

    @Test("No log holds a word of what was taught or asked")
    func privateLogs() throws {
      try sandbox.start("--log-level", "debug")
      try sandbox.rnnd("train-step", "zweitausend xylophone")
      try sandbox.rnnd("next-word", "zweitausend ")
      try sandbox.rnnd("next-word", "--model", "zweitausend", "xylophone")
      #expect(sandbox.log.contains("listening"))
      #expect(!sandbox.log.contains("xylophone"))
    }

    @Test("Files are trained on by paths as the shell gives them, with progress where it is asked for")
    func train() throws {
      try sandbox.start()
      let text = String(repeating: "the man bites the dog\nthe dog bites the man\n", count: 1_000)
      try Data(text.utf8).write(to: URL(fileURLWithPath: sandbox.home + "/notes.txt"))
      let outcome = try sandbox.rnnd(
        "train", "notes.txt", "--epochs", "2", "--validation", "notes.txt", "--json", "--progress")
      #expect(outcome.status == 0, "\(outcome.errors)")
      let summary = try outcome.json()
      #expect((summary["validationPerplexity"]?.double ?? .infinity) < 5)
      #expect(summary["tokens"]?.int ?? 0 > 20_000)
      #expect(outcome.errors.contains("loss "))
      #expect(!outcome.errors.contains("\u{1B}"))
      let evaluated = try sandbox.rnnd("evaluate", "notes.txt", "--json")
      #expect((try evaluated.json()["perplexity"]?.double ?? .infinity) < 5)
    }

    @Test("Ctrl-C cancels a training in the daemon, and the command ends with 130")
    func interrupt() throws {
      try sandbox.start()
      try teach(1)
      let text = String(repeating: "the man bites the dog\n", count: 20_000)
      try Data(text.utf8).write(to: URL(fileURLWithPath: sandbox.home + "/long.txt"))
      let training = try sandbox.launch(Sandbox.executable, ["train", "long.txt", "--epochs", "10000", "--progress"])
      #expect(eventually { training.errors.contains("epoch 1/10000") })
      training.send(SIGINT)
      let outcome = try training.outcome()
      #expect(outcome.status == ExitCode.interrupted.rawValue, "\(outcome.errors)")
      #expect(outcome.errors.contains("cancelling"))
      #expect(try sandbox.rnnd("describe-model", "--json").json()["training"] == false)
    }

    @Test(
      "Each kind of failure has its own exit code, and the message says what to do",
      arguments: [
        (["next-word", "--model", "storie", "the"], ExitCode.notFound, "storie"),
        (["create-model", "default"], .exists, "new name"),
        (["next-word", "--limit", "-1", "the"], .usage, "limit"), (["detokenize", "2000000000"], .badData, "ids"),
        (["train", "/nowhere/notes.txt"], .storage, "notes.txt"),
        (["train-step", "--learning-rate", "0", "x"], .usage, "learningRate"),
        (["create-model"], .usage, "rnnd create-model"), (["create-model", "../x"], .usage, "name"),
      ] as [([String], ExitCode, String)])
    func failures(arguments: [String], code: ExitCode, text: String) throws {
      try sandbox.start()
      let outcome = try sandbox.run(Sandbox.executable, arguments)
      #expect(outcome.status == code.rawValue, "\(outcome.errors)")
      #expect(outcome.errors.hasPrefix("rnnd: "))
      #expect(outcome.errors.contains(text), "\(outcome.errors)")
      #expect(outcome.output.isEmpty)
    }

    @Test("A call of which the text is missing says how it is given")
    func missingText() throws {
      try sandbox.start()
      let both = try sandbox.rnnd("score", "--text", "a", "--ids", "1")
      #expect(both.status == ExitCode.usage.rawValue)
      #expect(both.errors.contains("only one of"))
      let binary = try sandbox.run("/bin/sh", ["-c", "printf '\\377\\376' | '\(Sandbox.executable)' score"])
      #expect(binary.status == ExitCode.badData.rawValue)
    }
  }
}
