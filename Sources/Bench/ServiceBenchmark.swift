import System

/// What a client sees of a daemon of its own, which is started for this and removed afterwards, beside a bare echo.
struct ServiceBenchmark {
  private let settings: Benchmark.Settings
  private static let model = "bench"
  private static let wordCount = 10_000

  init(_ settings: Benchmark.Settings) { self.settings = settings }

  func run() throws(BenchmarkError) -> [Figure] {
    do {
      let directory = FileSystem.join(try UserDirectories.runtime(), "bench-\(ProcessControl.processID)")
      try FileSystem.createDirectory(directory, withParents: true)
      defer { try? FileSystem.removeTree(directory) }
      return try run(in: directory)
    } catch let error as SystemError {
      throw .system(error)
    } catch let error as BenchmarkError {
      throw error
    } catch {
      throw .refused("\(error)")
    }
  }

  private func run(in directory: String) throws -> [Figure] {
    let socket = FileSystem.join(directory, "rnnd.sock")
    let data = FileSystem.join(directory, "data")
    let echoSocket = FileSystem.join(directory, "echo.sock")
    var daemon = try startDaemon(socket: socket, data: data)
    defer { try? ProcessControl.send(.terminate, to: daemon.processID) }
    let echoProcess = try DetachedProcess.start(settings.executable, arguments: ["bench", "--echo-at", echoSocket])
    defer { try? ProcessControl.send(.terminate, to: echoProcess.processID) }
    var echo = try Exchange(connectingTo: echoSocket)
    var client = try Exchange(connectingTo: socket)
    try client.call(
      "create-model",
      """
      "name":"\(Self.model)","architecture":"lstm","layers":2,"hiddenSize":200,"embeddingSize":200,"tied":false,\
      "optimizer":"sgd","tokenizer":"whitespace","text":"\(SampleText.vocabulary(count: Self.wordCount))"
      """)
    var figures = try latencies(client: &client, echo: &echo, socket: socket)
    figures += try lessons(client: &client)
    figures.append(try throughput(socket: socket))
    try client.call("save-model", "\"name\":\"\(Self.model)\"")
    try stop(daemon, client: &client)
    figures.append(try coldStart(socket: socket, data: data, replacing: &daemon))
    return figures
  }

  // MARK: Latency

  /// Growing texts and growing words, with the echo in between, idle and while the model trains.
  private func latencies(
    client: inout Exchange, echo: inout Exchange, socket: String
  ) throws(BenchmarkError) -> [Figure] {
    let echoed = [[UInt8]](repeating: Array(repeating: UInt8(ascii: "."), count: 199) + [0x0A], count: 200)
    var (echoSamples, growing, typing) = (Samples(), Samples(), Samples())
    for round in 0..<max(1, settings.exchanges / 200) {
      for sample in try echo.time(echoed).values { echoSamples.add(sample) }
      for sample in try client.time(growingTexts(round: round)).values { growing.add(sample) }
      for sample in try client.time(growingWords(round: round)).values { typing.add(sample) }
    }
    var figures = pair("echo", "bare echo, 200 bytes", echoSamples, echo: nil)
    figures += pair("next-word", "next-word, a word more each time", growing, echo: echoSamples)
    figures += pair("next-word.typing", "next-word, a letter more each time", typing, echo: echoSamples)
    var teacher = try Exchange(connectingTo: socket)
    let corpus = SampleText.vocabulary(count: Self.wordCount)
    try teacher.send(
      Self.request("train", "\"model\":\"\(Self.model)\",\"epochs\":1000,\"text\":\"\(corpus)\"", id: 7))
    var busy = Samples()
    // The first answers may come before the training has begun.
    _ = try client.time(growingTexts(round: 0))
    for round in 0..<max(1, settings.exchanges / 200) {
      for sample in try client.time(growingTexts(round: round)).values { busy.add(sample) }
    }
    try teacher.send(Array(#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":7}}"#.utf8) + [0x0A])
    _ = try teacher.receive()
    return figures + pair("next-word.training", "the same while the model trains", busy, echo: echoSamples)
  }

  private func pair(_ name: String, _ title: String, _ samples: Samples, echo: Samples?) -> [Figure] {
    [("p50", 0.5), ("p99", 0.99)].map { suffix, share in
      let value = samples.quantile(share)
      return Figure(
        "\(name).\(suffix)", "\(title), \(suffix)", value, .microseconds,
        comparison: echo.map { .init(with: "echo.\(suffix)", ratio: value / $0.quantile(share)) })
    }
  }

  /// 200 requests whose text grows by a word each.
  private func growingTexts(round: Int) -> [[UInt8]] {
    var text = ""
    return (0..<200).map { index in
      text += "w\((round * 7919 + index * 613) % Self.wordCount) "
      return Self.nextWord(text)
    }
  }

  /// 200 requests whose text's last word grows by a letter each, 40 words in turn.
  private func growingWords(round: Int) -> [[UInt8]] {
    (0..<40).flatMap { index in
      let word = Array("w\(1_000 + (round * 997 + index * 613) % 9_000)")
      return (1...5).map { Self.nextWord("w1 w2 w3 w4 w5 w6 w7 w8 w\(index) \(String(word.prefix($0)))") }
    }
  }

  // MARK: Lessons, many clients, start

  private func lessons(client: inout Exchange) throws(BenchmarkError) -> [Figure] {
    let lines = (0..<max(20, settings.exchanges / 50)).map { index in
      let text = (0..<20).map { "w\((index * 331 + $0 * 97) % Self.wordCount)" }.joined(separator: " ")
      return Self.request("train-step", "\"model\":\"\(Self.model)\",\"text\":\"\(text)\"")
    }
    let samples = try client.time(lines)
    return [
      Figure("train-step.p50", "train-step of 20 words, p50", samples.median / 1e3, .milliseconds),
      Figure("train-step.p99", "train-step of 20 words, p99", samples.quantile(0.99) / 1e3, .milliseconds),
    ]
  }

  /// 64 connections that ask at once, again and again.
  private func throughput(socket: String) throws(BenchmarkError) -> Figure {
    let crowd = try Crowd(count: 64, socket: socket)
    let rounds = max(5, settings.exchanges / 100)
    _ = try crowd.ask(Self.nextWord("w1 w2 w3 "))
    let watch = Stopwatch()
    for round in 0..<rounds {
      try crowd.ask { index in
        Self.nextWord("w\(index) w\((round * 613 + index) % Self.wordCount) w\((round * 7919) % Self.wordCount) ")
      }
    }
    return Figure(
      "next-word.64", "64 connections asking at once", Double(64 * rounds) / watch.seconds, .answersPerSecond)
  }

  /// From the start of the program to the first answer of a model that lies on disk.
  private func coldStart(
    socket: String, data: String, replacing daemon: inout DetachedProcess
  ) throws -> Figure {
    var samples = Samples()
    for _ in 0..<settings.rounds {
      let watch = Stopwatch()
      daemon = try startDaemon(socket: socket, data: data)
      var client = try Exchange(connectingTo: socket)
      try client.send(Self.nextWord("w1 w2 w3 "))
      let answer = try client.receive()
      samples.add(watch.milliseconds)
      try Exchange.check(answer)
      try stop(daemon, client: &client)
    }
    return Figure("start", "start to first answer, 20 MB model", samples.median, .milliseconds)
  }

  private func startDaemon(socket: String, data: String) throws(SystemError) -> DetachedProcess {
    try DetachedProcess.start(
      settings.executable,
      arguments: ["start", "--foreground", "--report-readiness", "--socket", socket, "--data", data])
  }

  /// Tells a daemon to end and waits until it has closed the connection, which is the last that it does.
  private func stop(_ daemon: DetachedProcess, client: inout Exchange) throws {
    try ProcessControl.send(.terminate, to: daemon.processID)
    try client.waitForEnd()
  }

  // MARK: Requests

  private static func nextWord(_ text: String) -> [UInt8] {
    request("next-word", "\"model\":\"\(model)\",\"text\":\"\(text)\"")
  }

  static func request(_ method: String, _ params: String, id: Int = 1) -> [UInt8] {
    Array("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"\(method)\",\"params\":{\(params)}}\n".utf8)
  }
}

/// Clients that all ask before any of them reads.
private struct Crowd {
  private var members: [Member] = []

  private final class Member {
    var exchange: Exchange
    init(socket: String) throws(BenchmarkError) { exchange = try Exchange(connectingTo: socket) }
  }

  init(count: Int, socket: String) throws(BenchmarkError) {
    for _ in 0..<count { members.append(try Member(socket: socket)) }
  }

  func ask(_ line: (Int) -> [UInt8]) throws(BenchmarkError) {
    for (index, member) in members.enumerated() { try member.exchange.send(line(index)) }
    for member in members { try Exchange.check(try member.exchange.receive()) }
  }

  func ask(_ line: [UInt8]) throws(BenchmarkError) { try ask { _ in line } }
}

extension Exchange {
  /// Calls once and waits for the answer, which must be a result.
  mutating func call(_ method: String, _ params: String) throws(BenchmarkError) {
    try send(ServiceBenchmark.request(method, params))
    try Exchange.check(try receive())
  }
}
