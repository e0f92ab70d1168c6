/// How soon `next-word` is answered: idle, while the model trains, while somebody types, after a long text.
///
/// Blocks of each kind come in turn with blocks of echoes, so that all meet the same noise. To wake another core takes a
/// time of its own, on a virtual machine more than all else, and where the scheduler puts daemon and client depends on
/// what they did before: so echo and daemon are measured with their client on one core, and on two.
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
    var figures: [Figure] = []
    var idle = Samples()
    for (index, placement) in DaemonUnderTest.placements.enumerated() {
      var kinds = Kinds()
      try daemon.place(placement) { () throws(BenchmarkError) in try time(&kinds, &client, &echo) }
      figures += rows(of: kinds, index == 0 ? "" : ".apart", placement.title)
      if index == 0 { idle = kinds.growing }
    }
    if wants("latency.training") {
      figures += rows(
        "latency.training", "a word more, while training", try whileTraining(&client), beside: idle, label: "idle",
        with: "latency.growing", targets: [.ratio(.atMost, 2), .value(.atMost, 2_000)])
    }
    if wants("latency.context") { figures += try longContexts(&client, echo: &echo) }
    return figures
  }

  /// What is compared with the echo.
  private struct Kinds {
    var echoes = Samples()
    var growing = Samples()
    var typing = Samples()
  }

  private func time(
    _ kinds: inout Kinds, _ client: inout Exchange, _ echo: inout Exchange
  ) throws(BenchmarkError) {
    for round in 0..<rounds {
      try daemon.checkInterruption()
      kinds.echoes.add(try echo.time(Self.echoed()))
      kinds.growing.add(try client.time(model.growingTexts(count: Self.block, seed: round)))
      try type(round: round, &client, into: &kinds.typing)
    }
  }

  /// - Parameters:
  ///   - suffix: of the figures' names.
  ///   - place: where daemon and client ran.
  private func rows(of kinds: Kinds, _ suffix: String, _ place: String) -> [Figure] {
    let limit = { (share: Double, slack: Double) in kinds.echoes.quantile(share) + slack }
    let echo = "latency\(suffix).echo"
    return rows(echo, "bare echo, 200 bytes, \(place)", kinds.echoes)
      + rows(
        "latency\(suffix).growing", "a word more each time, \(place)", kinds.growing, beside: kinds.echoes, with: echo,
        targets: [
          .value(.atMost, limit(0.5, 60), origin: "echo + 60 µs"),
          .value(.atMost, limit(0.99, 300), origin: "echo + 300 µs"),
        ])
      + rows(
        "latency\(suffix).typing", "a letter more each time, \(place)", kinds.typing, beside: kinds.echoes, with: echo,
        targets: [.value(.atMost, limit(0.5, 15), origin: "echo + 15 µs"), nil])
  }

  private static func echoed() -> [[UInt8]] {
    [[UInt8]](repeating: Array(repeating: UInt8(ascii: "."), count: 199) + [0x0A], count: block)
  }

  /// Median and 99th percentile of one kind.
  ///
  /// - Parameters:
  ///   - others: what it is compared with.
  ///   - label: what people call that.
  ///   - origin: the name of its figures.
  private func rows(
    _ name: String, _ subject: String, _ samples: Samples, beside others: Samples? = nil, label: String = "echo",
    with origin: String = "", targets: [Target?] = [nil, nil]
  ) -> [Figure] {
    zip([("p50", 0.5), ("p99", 0.99)], targets).map { quantile, target in
      let (suffix, share) = quantile
      let value = samples.quantile(share)
      return Figure(
        "\(name).\(suffix)", subject, variant: suffix, value, .microseconds,
        comparison: others.map { .init(with: "\(origin).\(suffix)", label: label, ratio: value / $0.quantile(share)) },
        target: target)
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
