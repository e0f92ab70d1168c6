/// How soon `next-word` is answered: idle, while the model trains, while somebody types, after a long text.
///
/// Blocks of each kind come in turn with blocks of echoes, so that all meet the same noise.
struct LatencyBenchmark {
  private let settings: Benchmark.Settings
  private let daemon: DaemonUnderTest
  private let model = BenchModel.standard

  /// Exchanges in one block.
  private static let block = 100
  private static let longContext = 100_000

  init(_ settings: Benchmark.Settings, _ daemon: DaemonUnderTest) {
    self.settings = settings
    self.daemon = daemon
  }

  private var rounds: Int { settings.exchanges / Self.block }

  private func wants(_ name: String) -> Bool { settings.selection.wants(name) }

  func run(_ client: inout Exchange) throws(BenchmarkError) -> [Figure] {
    var echo = try Exchange(connectingTo: daemon.echoSocket)
    var (echoes, growing, typing) = (Samples(), Samples(), Samples())
    for round in 0..<rounds {
      try daemon.checkInterruption()
      echoes.add(try echo.time(Self.echoed()))
      growing.add(try client.time(model.growingTexts(count: Self.block, seed: round)))
      try type(round: round, &client, into: &typing)
    }
    let limit = { (share: Double, slack: Double) in echoes.quantile(share) + slack }
    var figures = rows("latency.echo", "bare echo, 200 bytes", echoes)
    figures += rows(
      "latency.growing", "a word more each time", growing, beside: echoes,
      targets: [
        .value(.atMost, limit(0.5, 60), origin: "echo + 60 µs"),
        .value(.atMost, limit(0.99, 300), origin: "echo + 300 µs"),
      ])
    figures += rows(
      "latency.typing", "a letter more each time", typing, beside: echoes,
      targets: [.value(.atMost, limit(0.5, 15), origin: "echo + 15 µs"), nil])
    if wants("latency.training") {
      figures += rows(
        "latency.training", "a word more, while training", try whileTraining(&client), beside: growing, label: "idle",
        targets: [.ratio(.atMost, 2), .value(.atMost, 2_000)])
    }
    if wants("latency.context") { figures += try longContexts(&client, echo: &echo) }
    return figures
  }

  private static func echoed() -> [[UInt8]] {
    [[UInt8]](repeating: Array(repeating: UInt8(ascii: "."), count: 199) + [0x0A], count: block)
  }

  /// Median and 99th percentile of one kind.
  ///
  /// - Parameter others: what it is compared with, whose name is known by `label`.
  private func rows(
    _ name: String, _ subject: String, _ samples: Samples, beside others: Samples? = nil, label: String = "echo",
    targets: [Target?] = [nil, nil]
  ) -> [Figure] {
    zip([("p50", 0.5), ("p99", 0.99)], targets).map { quantile, target in
      let (suffix, share) = quantile
      let value = samples.quantile(share)
      let with = label == "echo" ? "latency.echo.\(suffix)" : "latency.growing.\(suffix)"
      return Figure(
        "\(name).\(suffix)", subject, variant: suffix, value, .microseconds,
        comparison: others.map { .init(with: with, label: label, ratio: value / $0.quantile(share)) }, target: target)
    }
  }

  // MARK: Kinds

  /// A text that was asked for, then the same with the first letters of a word, one more each time.
  private func type(round: Int, _ client: inout Exchange, into samples: inout Samples) throws(BenchmarkError) {
    for index in 0..<Self.block / 3 {
      let text = model.text(wordCount: 8, seed: round * Self.block + index)
      try Exchange.check(try client.answer(to: model.nextWord(text)))
      let word = model.word(round * 997 + index * 613)
      samples.add(try client.time((1...3).map { model.nextWord(text + word.prefix($0)) }))
    }
  }

  /// Growing texts while a `train` of the same model goes on, which is cancelled at the end.
  private func whileTraining(_ client: inout Exchange) throws(BenchmarkError) -> Samples {
    var teacher = try Exchange(connectingTo: daemon.socket)
    let corpus = SampleText.vocabulary(count: model.wordCount)
    try teacher.send(
      BenchModel.request("train", "\"model\":\"\(model.name)\",\"epochs\":1000,\"text\":\"\(corpus)\"", id: 7))
    // The first answers may come before the training has begun.
    _ = try client.time(model.growingTexts(count: Self.block, seed: 0))
    var samples = Samples()
    for round in 0..<rounds {
      try daemon.checkInterruption()
      samples.add(try client.time(model.growingTexts(count: Self.block, seed: round)))
    }
    try teacher.send(Array(#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":7}}"#.utf8) + [0x0A])
    _ = try teacher.receive()
    return samples
  }

  /// A word more after ten words, and after many: there the line itself takes time, as its echo shows.
  private func longContexts(_ client: inout Exchange, echo: inout Exchange) throws(BenchmarkError) -> [Figure] {
    let longText = model.text(wordCount: Self.longContext, seed: 1)
    let shortText = model.text(wordCount: 10, seed: 2)
    let line = model.nextWord(longText)
    try Exchange.check(try client.answer(to: line))
    var (echoes, longEchoes, short, long) = (Samples(), Samples(), Samples(), Samples())
    let count = 10
    for round in 0..<max(3, rounds / 5) {
      try daemon.checkInterruption()
      echoes.add(try echo.time(Self.echoed().prefix(count)))
      longEchoes.add(try echo.time([line, line, line]))
      short.add(try client.time(model.growingTexts(after: shortText, count: count, seed: round)))
      long.add(try client.time(model.growingTexts(after: longText, count: count, seed: round)))
    }
    let limit = 1.1 * (short.median + longEchoes.median - echoes.median)
    return [
      Figure(
        "latency.context.echo.p50", "bare echo, \(line.count / 1_000) kB", variant: "p50",
        longEchoes.median,
        .microseconds),
      Figure("latency.context.10.p50", "a word after 10", variant: "p50", short.median, .microseconds),
      Figure(
        "latency.context.100000.p50", "a word after 100,000", variant: "p50", long.median, .microseconds,
        comparison: .init(with: "latency.context.10.p50", label: "after 10", ratio: long.median / short.median),
        target: .value(.atMost, limit, origin: "after 10 + echo")),
    ]
  }
}
