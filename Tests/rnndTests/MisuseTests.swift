import Foundation
import Glibc
import JSON
import System
import Testing

extension ProcessTests {
  /// What a client can do to a daemon over the real socket, while another one goes on asking as it should.
  ///
  /// The long form (`RNND_LONG_TESTS=1 swift test -c release -Xswiftc -enable-testing --filter MisuseTests`) does it at
  /// full size, and prints how fast the well-behaved client was answered meanwhile and how much memory the daemon took;
  /// with `RNND_MISUSE='idle connections'`, for one kind only.
  @Suite(.timeLimit(.minutes(30))) struct MisuseTests {
    let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    @Test(
      "A client that behaves is answered rightly whatever another does, and nothing of that stays behind",
      arguments: Misuse.wanted)
    func misuse(_ misuse: Misuse) throws {
      try ProcessControl.raiseDescriptorLimit(to: 4_096)
      let process = try sandbox.start()
      let daemon = DaemonFigures(processID: process)
      let neighbour = try Neighbour(sandbox.socketPath)
      // Twice, so that what is only made once, like the threads of a pool, is there before it is counted.
      try misuse.commit(against: sandbox.socketPath, neighbour, scale: .small)
      #expect(eventually { neighbour.openConnectionCount == 1 }, "\(misuse)")
      let before = daemon.now
      var rounds: [Neighbour.Round] = []
      for _ in 0..<(runsLongTests ? 3 : 1) {
        let calm = neighbour.measure { for _ in 0..<(runsLongTests ? 2_000 : 20) { neighbour.awaitAnswer() } }
        let during = try neighbour.measure {
          try misuse.commit(against: sandbox.socketPath, neighbour, scale: runsLongTests ? .full : .small)
          neighbour.awaitAnswer()
        }
        rounds.append(Neighbour.Round(calm: calm, during: during))
        #expect(eventually { neighbour.openConnectionCount == 1 }, "\(misuse)")
      }
      #expect(eventually { daemon.now.descriptorCount <= before.descriptorCount }, "\(misuse): \(daemon.now) \(before)")
      // What a heap keeps in its corners is some megabytes; what is not given back would be as much as was sent.
      let level = before.residentByteCount + 48 << 20
      #expect(
        DaemonFigures.keepsFreedMemory || eventually { daemon.now.residentByteCount <= level },
        "\(misuse): \(daemon.now) \(before)")
      #expect(rounds.allSatisfy { $0.during.answerCount > 0 }, "\(misuse)")
      #expect(neighbour.end() == 0, "\(misuse): wrong answers")
      if runsLongTests {
        print("misuse, \(misuse.rawValue): \(Neighbour.describe(rounds))")
        print(
          "  resident \(before.residentByteCount >> 20) MiB before, \(daemon.now.residentByteCount >> 20) MiB after, "
            + "at most \(daemon.peakByteCount >> 20) MiB")
      }
      try sandbox.rnnd("stop")
      #expect(!sandbox.log.contains(" error "), "\(misuse): \(sandbox.log)")
    }

    @Test("Without a descriptor left nobody new comes in, those inside are served, and then all come in")
    func noDescriptors() throws {
      let prlimit = "/usr/bin/prlimit"
      guard FileSystem.exists(prlimit) else { return }
      let process = try sandbox.start()
      let inside = try WireClient(sandbox.socketPath)
      #expect(inside.reply(to: "ping") != nil)
      let count = DaemonFigures(processID: process).now.descriptorCount
      func setLimit(_ limit: Int) throws {
        #expect(try sandbox.run(prlimit, ["--pid", "\(process)", "--nofile=\(limit):4096"]).status == 0)
      }
      try setLimit(count + 2)
      let crowd = try (0..<8).map { _ in try WireClient(sandbox.socketPath) }
      #expect(eventually { sandbox.log.contains("can't accept connections for now") })
      for _ in 0..<50 { #expect(inside.reply(to: "ping")?["result"] != nil) }
      // Said once, however long it lasts and however often it is tried again.
      #expect(sandbox.log.components(separatedBy: "can't accept").count == 2)
      try setLimit(4_096)
      for client in crowd { #expect(client.reply(to: "ping")?["result"] != nil) }
    }
  }
}

/// A way to misbehave.
enum Misuse: String, CaseIterable, CustomTestStringConvertible {
  case byteAfterByte = "one byte at a time"
  case neverReads = "never reads"
  case halfLines = "half a line and gone"
  case idleCrowd = "idle connections"
  case connectsAndHangsUp = "connects and hangs up"
  case nonsense = "batches of nonsense"
  case cancelsEverything = "cancels everything"
  case longLines = "long lines at once"
  case longHalfLines = "long lines without an end"
  case longQuestions = "questions of megabytes"
  case pipelines = "many requests at once"

  enum Scale { case small, full }

  /// The kinds that are to be tested: all, or the one that the environment names.
  static let wanted: [Misuse] = {
    guard let name = ProcessInfo.processInfo.environment["RNND_MISUSE"] else { return allCases }
    return allCases.filter { $0.rawValue == name }
  }()

  var testDescription: String { rawValue }

  func commit(against path: String, _ neighbour: Neighbour, scale: Scale) throws {
    let isFull = scale == .full
    switch self {
    case .byteAfterByte: try sendByteAfterByte(path, neighbour, clientCount: isFull ? 100 : 10)
    case .neverReads: try leaveUnread(path, neighbour, clientCount: isFull ? 20 : 3)
    case .halfLines:
      for count in 0..<(isFull ? 5_000 : 100) {
        try WireClient(path).send(String(Self.request.prefix(count % Self.request.utf8.count)))
      }
    case .idleCrowd:
      let crowd = try (0..<(isFull ? 1_000 : 200)).map { _ in try WireClient(path) }
      for _ in 0..<(isFull ? 2_000 : 20) { neighbour.awaitAnswer() }
      // They are clients as good as any.
      for client in crowd { #expect(client.exchange(Self.request)?.contains("version") == true) }
    case .connectsAndHangsUp: for _ in 0..<(isFull ? 10_000 : 300) { _ = try WireClient(path) }
    case .nonsense: try sendNonsense(path, batchCount: isFull ? 2_000 : 20)
    case .cancelsEverything: try cancelEverything(path, requestCount: isFull ? 5_000 : 50)
    case .longLines: try sendLongLines(path, clientCount: 50, byteCount: isFull ? 8 << 20 : 128 << 10)
    case .longHalfLines:
      let line = [UInt8](repeating: UInt8(ascii: "["), count: isFull ? (8 << 20) - 1 : 256 << 10)
      var clients: [WireClient] = []
      for _ in 0..<(isFull ? 80 : 10) {
        clients.append(try WireClient(path))
        clients.last?.send(line)
      }
      for _ in 0..<(isFull ? 500 : 5) { neighbour.awaitAnswer() }
    case .longQuestions: try askLongQuestions(path, count: isFull ? 10 : 2, byteCount: isFull ? 8 << 20 : 128 << 10)
    case .pipelines: try askAtOnce(path, clientCount: 20, requestCount: isFull ? 5_000 : 50)
    }
  }

  static let request = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#

  /// All clients send their bytes in turn, each byte after an answer to the neighbour.
  private func sendByteAfterByte(_ path: String, _ neighbour: Neighbour, clientCount: Int) throws {
    let clients = try (0..<clientCount).map { _ in try WireClient(path) }
    for byte in Array((Self.request + "\n").utf8) {
      for client in clients { client.send([byte]) }
      neighbour.awaitAnswer()
    }
    for client in clients { #expect(client.line()?.contains("version") == true) }
  }

  /// Asks for long answers until no more questions are taken, and goes without having read one.
  private func leaveUnread(_ path: String, _ neighbour: Neighbour, clientCount: Int) throws {
    let text = String(repeating: "the man bites the dog ", count: 2_000)
    let line = Array((WireClient.request("tokenize", ["text": .string(text)], id: 1) + "\n").utf8)
    var clients: [WireClient] = []
    for _ in 0..<clientCount {
      let client = try WireClient(path)
      #expect(client.sendUntilRefused(line) > line.count)
      clients.append(client)
    }
    for _ in 0..<5 { neighbour.awaitAnswer() }
  }

  private func sendNonsense(_ path: String, batchCount: Int) throws {
    let client = try WireClient(path)
    var random = SplitMix(seed: 7)
    let pieces = [
      "1", "null", "[]", "{}", #""x""#, #"{"jsonrpc":"2.0"}"#, #"{"jsonrpc":"2.0","id":[],"method":"ping"}"#,
      #"{"jsonrpc":"2.0","id":2,"method":"pnig"}"#, #"{"jsonrpc":"2.0","id":3,"method":"next-word","params":[1]}"#,
      #"{"jsonrpc":"2.0","id":4,"method":"next-word","params":{"text":{}}}"#, "-", "\u{1}", "{]",
    ]
    for _ in 0..<batchCount {
      let elements = (0..<(random.next() % 200)).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }
      client.send("[\(elements.joined(separator: ","))]\n")
      guard let line = client.line() else {
        Issue.record("the connection was lost")
        return
      }
      #expect(line.contains("error"), "\(line.prefix(200))")
    }
    #expect(client.reply(to: "ping")?["result"] != nil)
  }

  /// Every request is cancelled, some before and some after they are carried out, and every one is answered.
  private func cancelEverything(_ path: String, requestCount: Int) throws {
    let client = try WireClient(path)
    let calls: [(String, JSONObject)] = [
      ("generate", ["text": "the man", "maxTokens": 500]), ("train-step", ["text": "the man bites the cat"]),
      ("next-word", ["text": "the man"]), ("train", ["text": "the man bites the cat", "epochs": 5]),
      ("create-model", ["name": "cancelled", "hiddenSize": 8]), ("score", ["text": "the man"]),
    ]
    for number in 0..<requestCount {
      let (method, params) = calls[number % calls.count]
      client.send(WireClient.request(method, params, id: JSONValue(number)) + "\n")
      for id in [JSONValue(number), JSONValue(number / 2), "unknown", nil, [1]] {
        client.send(#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":\#(id)}}"# + "\n")
      }
      // Reading along, as answers that nobody reads would end the taking of questions.
      if number >= 20 { #expect(client.line()?.contains(#""id":\#(number - 20),"#) == true) }
    }
    for number in max(0, requestCount - 20)..<requestCount {
      #expect(client.line()?.contains(#""id":\#(number),"#) == true)
    }
    _ = client.reply(to: "delete-model", ["name": "cancelled"])
  }

  /// Questions that are right, and take long to read, to carry out and to answer.
  private func askLongQuestions(_ path: String, count: Int, byteCount: Int) throws {
    let client = try WireClient(path)
    let idCount = (byteCount - 100) / 2
    let ids = "[" + String(repeating: "0,", count: idCount - 1) + "0]"
    let text = JSONValue.string(String(repeating: "the man bites the dog ", count: byteCount / 4 / 22))
    for _ in 0..<count {
      let line = client.exchange(#"{"jsonrpc":"2.0","id":1,"method":"detokenize","params":{"ids":\#(ids)}}"#)
      #expect(line?.contains(#""text":"#) == true)
      #expect(client.exchange(WireClient.request("tokenize", ["text": text], id: 2))?.contains("offsets") == true)
    }
  }

  /// Clients each of which sends many requests before it reads the first answer.
  private func askAtOnce(_ path: String, clientCount: Int, requestCount: Int) throws {
    let senders = try (0..<clientCount).map { _ in
      let client = try WireClient(path)
      return Sender { () -> Bool in
        let part = min(requestCount, 1_000)
        for _ in 0..<(requestCount / part) {
          guard client.send(Array(repeatElement(Array((Self.request + "\n").utf8), count: part).joined())) else {
            return false
          }
          for _ in 0..<part where client.line()?.contains("version") != true { return false }
        }
        return true
      }
    }
    for sender in senders { #expect(sender.outcome() == true) }
  }

  /// Lines of many numbers, which take more memory as values than as text, all at once, each with a mistake at its end.
  private func sendLongLines(_ path: String, clientCount: Int, byteCount: Int) throws {
    let head = #"{"jsonrpc":"2.0","id":1,"method":"detokenize","params":{"ids":[0"#
    let count = (byteCount - head.utf8.count - 8) / 2
    let line = Array((head + String(repeating: ",0", count: count) + #","x"]}}"# + "\n").utf8)
    let senders = try (0..<clientCount).map { _ in
      let client = try WireClient(path)
      // They are decoded one after the other: the last one waits for all.
      return Sender { () -> String? in client.send(line) ? client.line(withinMinutes: 15) : nil }
    }
    for sender in senders {
      let answer = (sender.outcome() ?? nil) ?? "no answer"
      #expect(answer.contains("ids[\(count + 1)]"), "\(answer.prefix(200))")
    }
  }
}

/// Something done on a thread of its own, waited for later.
final class Sender<Result>: @unchecked Sendable {
  // Sendable: what the thread leaves is read only after it has said that it is done.
  private let isDone = DispatchSemaphore(value: 0)
  private var result: Result?
  private let body: () -> Result

  init(_ body: @escaping () -> Result) {
    self.body = body
    let thread = Thread { [self] in
      result = self.body()
      isDone.signal()
    }
    thread.start()
  }

  func outcome() -> Result? {
    isDone.wait()
    return result
  }
}

/// A client that asks for the next word again and again, on a thread of its own, and knows the right answer.
final class Neighbour: Sendable {
  private struct State {
    var answerCount = 0
    var wrongCount = 0
    /// Of the measurement under way.
    var nanoseconds: [UInt64] = []
    var isStopping = false
  }

  private let state = Monitor(State())
  private let path: String
  private let hasEnded = DispatchSemaphore(value: 0)

  init(_ path: String) throws {
    self.path = path
    let client = try WireClient(path)
    // A model of its own, which nobody else teaches.
    _ = client.reply(to: "create-model", ["name": "neighbour", "hiddenSize": 16, "seed": 3])
    for _ in 0..<3 { _ = client.reply(to: "train-step", ["model": "neighbour", "text": "the man bites the dog"]) }
    let question: JSONObject = ["model": "neighbour", "text": "the man bites the ", "limit": 3]
    let answer = try #require(client.reply(to: "next-word", question)?["result"])
    let box = Box(client)
    Thread { [self] in
      while !state.withLock({ $0.isStopping }) {
        let start = MonotonicClock.nanoseconds
        let found = box.client.reply(to: "next-word", question)?["result"]
        let time = MonotonicClock.nanoseconds - start
        state.withLock {
          $0.answerCount += 1
          if found != answer { $0.wrongCount += 1 }
          $0.nanoseconds.append(time)
        }
        if found == nil { break }
      }
      hasEnded.signal()
    }.start()
  }

  private final class Box: @unchecked Sendable {
    // Sendable: made by one thread, used by the one that it is handed to.
    let client: WireClient

    init(_ client: WireClient) { self.client = client }
  }

  /// Waits until one more answer has come that was asked for from now on.
  func awaitAnswer() {
    let count = state.withLock { $0.answerCount }
    while state.withLock({ $0.answerCount < count + 2 && $0.wrongCount == 0 }) { usleep(100) }
  }

  struct Measurement {
    var answerCount: Int
    var seconds: Double
    var p99Microseconds: Int
    var longestMilliseconds: Int

    var perSecond: Double { Double(answerCount) / seconds }
  }

  /// What was measured of a misuse, and just before it, as a machine may be faster now and slower then.
  struct Round {
    var calm: Measurement
    var during: Measurement

    var slowdown: Double { calm.perSecond / during.perSecond }
  }

  static func describe(_ rounds: [Round]) -> String {
    let sorted = rounds.sorted { $0.slowdown < $1.slowdown }
    let median = sorted[sorted.count / 2]
    return "\(Int(median.calm.perSecond)) answers/s before, \(Int(median.during.perSecond)) during: "
      + sorted.map { "\(($0.slowdown * 100).rounded() / 100)" }.joined(separator: ", ")
      + " times fewer; 99 of 100 within "
      + "\(median.during.p99Microseconds) µs, longest wait \(rounds.map(\.during.longestMilliseconds).max() ?? 0) ms, "
      + "for \((median.during.seconds * 100).rounded() / 100) s"
  }

  func measure(_ body: () throws -> Void) rethrows -> Measurement {
    let count = state.withLock {
      $0.nanoseconds = []
      return $0.answerCount
    }
    let start = MonotonicClock.nanoseconds
    try body()
    let seconds = Double(MonotonicClock.nanoseconds - start) / 1e9
    let (last, times) = state.withLock { ($0.answerCount, $0.nanoseconds.sorted()) }
    return Measurement(
      answerCount: last - count, seconds: seconds,
      p99Microseconds: Int(times.isEmpty ? 0 : times[(times.count - 1) * 99 / 100] / 1_000),
      longestMilliseconds: Int((times.last ?? 0) / 1_000_000))
  }

  /// How many connections the daemon has, less the one that asks; nil when it can't be asked.
  var openConnectionCount: Int? {
    guard let reply = try? WireClient(path).reply(to: "status") else { return nil }
    return reply["result"]?["connections"]?["open"]?.int.map { $0 - 1 }
  }

  /// Ends the asking; how many answers were wrong.
  func end() -> Int {
    state.withLock { $0.isStopping = true }
    hasEnded.wait()
    return state.withLock { $0.wrongCount }
  }
}

/// What the system says of the daemon's process.
struct DaemonFigures {
  let processID: Int32

  /// Whether all this is built with the address sanitizer, which keeps what was freed aside for a while, so that the memory
  /// held says nothing.
  static let keepsFreedMemory = dlsym(nil, "__asan_init") != nil

  struct Figures {
    var residentByteCount: Int
    var descriptorCount: Int
  }

  var now: Figures {
    Figures(
      residentByteCount: kilobytes("VmRSS") << 10,
      descriptorCount: ((try? FileSystem.list("/proc/\(processID)/fd")) ?? []).count)
  }

  var peakByteCount: Int { kilobytes("VmHWM") << 10 }

  private func kilobytes(_ name: String) -> Int {
    let status = (try? String(contentsOfFile: "/proc/\(processID)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    return line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) } ?? 0
  }
}
