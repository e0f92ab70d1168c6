import Foundation
import Glibc
import JSON
import System
import Testing

extension ProcessTests {
  /// The daemon is killed at random moments; what it acknowledged is there when it is started again, to the bit.
  ///
  /// The short form kills it 12 times, the long one 1,000 times (`RNND_LONG_TESTS=1 swift test --filter KillTests`; with
  /// `RNND_KILLS=N` N times).
  @Suite struct KillTests {
    @Test("Of kill -9 at any moment nobody who was answered notices anything", .timeLimit(.minutes(60)))
    func kills() throws {
      let count =
        ProcessInfo.processInfo.environment["RNND_KILLS"].flatMap { Int($0) } ?? (runsLongTests ? 1_000 : 12)
      let seed = UInt64.random(in: 0 ... .max)
      let sandbox = try Sandbox()
      var pupil = Pupil(seed: seed, sandbox: sandbox)
      var random = SplitMix(seed: seed)
      var (killCount, killsWhileStarting) = (0, 0)
      // On a busy machine some lives are too short for a lesson: then there are more of them.
      while killCount < count || pupil.lessonCount <= count && killCount < 20 * count {
        killCount += 1
        let daemon = try pupil.startDaemon()
        // Every fourth is killed while it starts and replays, the others while they work.
        let isStarting = random.next() % 4 == 0
        killsWhileStarting += isStarting ? 1 : 0
        let microseconds = UInt32(random.next() % (isStarting ? 60_000 : 400_000))
        let processID = daemon.processID
        let killer = Thread {
          if !isStarting { while (try? UnixListener.answers(at: sandbox.socketPath)) != true { usleep(500) } }
          usleep(microseconds)
          kill(processID, SIGKILL)
        }
        killer.start()
        try pupil.learn(from: daemon, "seed \(seed)")
        #expect(try daemon.outcome().status == 128 + SIGKILL, "seed \(seed): \(daemon.errors)")
      }
      let disturbed = try pupil.finish("seed \(seed)")
      #expect(pupil.lessonCount > count, "seed \(seed)")
      let calm = try Sandbox()
      var reference = Pupil(seed: seed, sandbox: calm)
      // The last operation is done by the last daemon here as there.
      try reference.learnUndisturbed(operationCount: pupil.nextOperation - 1)
      let undisturbed = try reference.finish("seed \(seed)")
      #expect(disturbed.keys.sorted() == undisturbed.keys.sorted())
      for (name, bytes) in undisturbed { #expect(disturbed[name] == bytes, "seed \(seed): \(name)") }
      if runsLongTests {
        print(
          "kill -9: \(killCount) times, \(killsWhileStarting) of them at the start; \(pupil.nextOperation) operations, "
            + "\(pupil.lessonCount) lessons, \(pupil.runCount) trainings, \(pupil.saveCount) checkpoints asked for, "
            + "\(pupil.repeatCount) lessons asked for twice and taught once; every file equal")
      }
    }
  }
}

/// A client with a list of things to do that the seed decides, who remembers what was acknowledged.
private struct Pupil {
  private let seed: UInt64
  private let sandbox: Sandbox
  private(set) var nextOperation = 0
  /// As of the last acknowledgement.
  private var step = 0
  private var hasModel = false
  private(set) var lessonCount = 0
  private(set) var runCount = 0
  private(set) var saveCount = 0
  private(set) var repeatCount = 0

  init(seed: UInt64, sandbox: Sandbox) {
    self.seed = seed
    self.sandbox = sandbox
  }

  func startDaemon() throws -> RunningProcess { try sandbox.launch(Sandbox.executable, ["start", "--foreground"]) }

  /// Does one thing after the other until the daemon is gone.
  mutating func learn(from daemon: RunningProcess, _ comment: Comment) throws {
    let path = sandbox.socketPath
    guard let client = WireClient.waiting(for: path, while: { kill(daemon.processID, 0) == 0 && !daemon.hasEnded })
    else { return }
    guard try beginAgain(client, comment) else { return }
    while try perform(client, comment) {}
  }

  mutating func learnUndisturbed(operationCount: Int) throws {
    let daemon = try startDaemon()
    let path = sandbox.socketPath
    let client = try #require(WireClient.waiting(for: path, while: { !daemon.hasEnded }))
    #expect(try beginAgain(client, "undisturbed"))
    while nextOperation < operationCount { #expect(try perform(client, "undisturbed")) }
    daemon.send(SIGTERM)
    _ = try daemon.outcome()
  }

  /// Starts a daemon a last time, and returns the model's files.
  mutating func finish(_ comment: Comment) throws -> [String: Data] {
    let daemon = try startDaemon()
    let path = sandbox.socketPath
    let client = try #require(WireClient.waiting(for: path, while: { !daemon.hasEnded }))
    #expect(try beginAgain(client, comment))
    // What was on its way when the last daemon ended is asked for again, as after every other end.
    #expect(try perform(client, comment))
    let directory = sandbox.home + "/exported"
    let reply = client.reply(to: "export-model", ["name": "pupil", "path": .string(directory)])
    #expect(reply?["result"] != nil, comment)
    daemon.send(SIGTERM)
    #expect(try daemon.outcome().status == 0, comment)
    var files: [String: Data] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
      files[name] = try Data(contentsOf: URL(fileURLWithPath: directory + "/" + name))
    }
    return files
  }

  /// Makes the model if it is not there, and holds its step against what was acknowledged.
  private mutating func beginAgain(_ client: WireClient, _ comment: Comment) throws -> Bool {
    if !hasModel {
      let made = client.reply(
        to: "create-model", ["name": "pupil", "embeddingSize": 6, "hiddenSize": 8, "optimizer": "adamw"])
      guard let made else { return false }
      // One that was made just before the end is there, too.
      #expect(made["result"] != nil || made["error"]?["code"] == -32011, "\(comment): \(made)")
      hasModel = true
    }
    guard let found = client.reply(to: "describe-model", ["name": "pupil"]) else { return false }
    let foundStep = try #require(found["result"]?["step"]?.int, "\(comment): \(found)")
    // The lesson that was on its way is there whole or not at all; of a training as much as there is.
    let isRun = Operation(nextOperation, seed: seed).isRun
    #expect(foundStep >= step && (isRun || foundStep <= step + 1), "\(comment): \(foundStep) after \(step)")
    return true
  }

  /// Asks for what comes next; false when the connection is lost.
  private mutating func perform(_ client: WireClient, _ comment: Comment) throws -> Bool {
    switch Operation(nextOperation, seed: seed) {
    case .save:
      guard let reply = client.reply(to: "save-model", ["name": "pupil"]) else { return false }
      #expect(reply["result"] != nil, "\(comment): \(reply)")
      saveCount += 1
    case .lesson(let text, let rate):
      let reply = client.reply(
        to: "train-step",
        [
          "model": "pupil", "text": .string(text), "learningRate": JSONValue(finite: rate),
          "requestKey": .string("operation \(nextOperation)"),
        ])
      guard let reply else { return false }
      #expect(reply["result"]?["step"]?.int == step + 1, "\(comment): \(reply) after \(step)")
      repeatCount += reply["result"]?["repeated"] == true ? 1 : 0
      step += 1
      lessonCount += 1
    case .run(let text):
      guard let after = run(on: text, client, comment) else { return false }
      step = after
      runCount += 1
    }
    nextOperation += 1
    return true
  }

  /// Trains unless that has been done, or goes on by itself; the step afterwards, nil when the connection is lost.
  private func run(on text: String, _ client: WireClient, _ comment: Comment) -> Int? {
    while true {
      guard let found = client.reply(to: "describe-model", ["name": "pupil"])?["result"] else { return nil }
      if found["training"] == true { continue }
      if let after = found["step"]?.int, after > step { return after }
      let params: JSONObject = ["model": "pupil", "text": .string(text), "epochs": 2, "batchSize": 2, "bptt": 4]
      guard let reply = client.reply(to: "train", params) else { return nil }
      #expect(reply["result"] != nil, "\(comment): \(reply)")
      if reply["result"] == nil { return nil }
    }
  }
}

/// One of the things that a pupil does, by its number.
private enum Operation {
  case lesson(text: String, rate: Double)
  case run(text: String)
  case save

  init(_ number: Int, seed: UInt64) {
    var random = SplitMix(seed: seed &+ UInt64(number) &* 0x9E37_79B9)
    // New words come all the time, so that the vocabulary grows in every life.
    let words = (0..<(3 + random.next() % 6)).map { _ in "w\(random.next() % UInt64(20 + number / 4))" }
    if number % 29 == 28 {
      self = .run(text: Array(repeating: words.joined(separator: " "), count: 40).joined(separator: "\n"))
    } else if number % 11 == 10 {
      self = .save
    } else {
      self = .lesson(text: words.joined(separator: " "), rate: random.next() % 2 == 0 ? 0.01 : 0.002)
    }
  }

  var isRun: Bool { if case .run = self { true } else { false } }
}

/// Random numbers that a seed decides.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
