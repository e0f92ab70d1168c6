import System

/// How a daemon's latency and memory grow with what it serves.
struct ServiceGrowth {
  private let settings: Benchmark.Settings

  private static let models =
    [1_000, 3_000, 10_000, 30_000, 100_000].map { BenchModel(name: "v\($0)", wordCount: $0, hiddenSize: 200) }
    + [BenchModel(name: "h650", wordCount: 10_000, hiddenSize: 650)]
  private static let contexts = [10, 100, 1_000, 10_000, 100_000]

  init(_ settings: Benchmark.Settings) { self.settings = settings }

  func run(_ measure: ServiceBenchmark.Measure) throws(BenchmarkError) {
    var found: [(model: BenchModel, latency: Double, resident: Double)] = []
    try measure(.growth, "next-word p50 by vocabulary, 2x200 LSTM") { () throws(BenchmarkError) in
      for model in Self.models { found.append(try visit(model)) }
      return found.filter { $0.model.hiddenSize == 200 }.map { model, latency, _ in
        Figure(
          "growth.latency.vocabulary.\(model.wordCount)", "\(Wording.rounded(Double(model.wordCount))) words", latency,
          .microseconds)
      }
    }
    try measure(.growth, "next-word p50 by words of context, 10,000 words known") { () throws(BenchmarkError) in
      try contexts()
    }
    try measure(.growth, "memory of the taught daemon by size of its model's weights") { () throws(BenchmarkError) in
      found.map { model, _, resident in
        Figure(
          "growth.memory.\(model.name)", "\(Wording.rounded(model.megabytes)) MB of weights", resident, .megabytes,
          comparison: .init(
            with: "memory.bound", label: "3 weights + 15 MB", ratio: resident / model.residentBoundMegabytes))
      }
    }
  }

  /// Has a new daemon make, serve and teach a model, and leaves it alone for a moment.
  private func visit(_ model: BenchModel) throws(BenchmarkError) -> (BenchModel, latency: Double, resident: Double) {
    let daemon = try DaemonUnderTest(executable: settings.executable)
    var client = try daemon.start()
    try model.create(&client)
    try model.teach(&client)
    _ = try client.time(model.growingTexts(count: 20, seed: 0))
    var samples = Samples()
    for round in 1...5 { samples.add(try client.time(model.growingTexts(count: 50, seed: round))) }
    try daemon.checkInterruption()
    MonotonicClock.pause(milliseconds: ServiceBenchmark.settlingMilliseconds)
    let resident = try client.residentMegabytes()
    try daemon.stop(&client)
    return (model, samples.median, resident)
  }

  private func contexts() throws(BenchmarkError) -> [Figure] {
    let daemon = try DaemonUnderTest(executable: settings.executable)
    var client = try daemon.start()
    let model = BenchModel.standard
    try model.create(&client)
    var figures: [Figure] = []
    for count in Self.contexts {
      let text = model.text(wordCount: count, seed: count)
      try daemon.checkInterruption()
      try Exchange.check(try client.answer(to: model.nextWord(text)))
      let samples = try client.time(model.growingTexts(after: text, count: 50, seed: count))
      figures.append(
        Figure(
          "growth.latency.context.\(count)", "\(Wording.rounded(Double(count))) words", samples.median, .microseconds))
    }
    try daemon.stop(&client)
    return figures
  }
}
