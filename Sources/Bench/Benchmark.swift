package import System

/// The benchmark: the machine's own limits, and beside each of them what rnnd reaches, measured in the same rounds.
///
/// Machines are noisy and differ, so ratios are what to compare; each is the median over interleaved rounds.
package struct Benchmark {
  package struct Settings: Sendable {
    /// Fewer and shorter rounds, and nothing about growth: done in 20 seconds.
    package var isQuick: Bool
    package var selection: Selection
    /// The program that serves as daemon and as echo: this one.
    package var executable: String

    package init(isQuick: Bool, selection: Selection = .everything, executable: String) {
      self.isQuick = isQuick
      self.selection = selection
      self.executable = executable
    }

    /// How often each thing is measured.
    var rounds: Int { isQuick ? 3 : 9 }
    /// How long one measurement of a computation lasts.
    var seconds: Double { isQuick ? 0.04 : 0.2 }
    /// How many exchanges over a socket one measurement takes.
    var exchanges: Int { isQuick ? 1_000 : 5_000 }
  }

  let settings: Settings
  let machine = Machine.current()

  package init(_ settings: Settings) { self.settings = settings }

  func wants(_ name: String) -> Bool { settings.selection.wants(name) }

  /// Runs everything that is selected.
  ///
  /// - Parameter onSection: told what is being measured.
  /// - Throws: `BenchmarkError` when the daemon that is to be measured cannot be started or does not do its work.
  package func run(onSection: (String) -> Void) throws(BenchmarkError) -> BenchmarkReport {
    let watch = Stopwatch()
    var report = BenchmarkReport(machine: machine, isQuick: settings.isQuick)
    func measure(
      _ part: Part, _ title: String, _ figures: () throws(BenchmarkError) -> [Figure]
    ) throws(BenchmarkError) {
      guard settings.selection.wants(part) else { return }
      onSection(title)
      report.sections.append(.init(title: title, part: part, figures: try figures().filter { wants($0.name) }))
    }
    try measure(.peak, "arithmetic of the processor") { () throws(BenchmarkError) in peaks() }
    try measure(.bandwidth, "memory bandwidth") { () throws(BenchmarkError) in bandwidths() }
    for precision in Self.precisions where wants("product.\(precision.name)") {
      try measure(.product, "matrix products, \(precision.name)") { () throws(BenchmarkError) in
        try products(precision)
      }
    }
    try measure(.training, "training an LSTM, 10,000 words, batch 20, 35 steps", training)
    try measure(.tokenizing, "tokenizing, one core", tokenizing)
    try ServiceBenchmark(settings).run(measure)
    if wantsGrowth {
      for dimension in Dimension.all where wants("growth.training.\(dimension.name)") {
        try measure(.growth, "fp32 training by \(dimension.title)") { () throws(BenchmarkError) in
          try growingTraining(dimension)
        }
      }
      if wants("growth.latency") || wants("growth.memory") { try ServiceGrowth(settings).run(measure) }
    }
    report.seconds = watch.seconds
    return report
  }
}

/// Why a benchmark could not be run to its end.
package enum BenchmarkError: Error, Equatable, Sendable {
  case system(SystemError)
  /// The daemon under test answered with something else than a result.
  case unexpectedAnswer(String)
  /// A part of rnnd refused the benchmark's own input.
  case refused(String)
  /// The benchmark was told to end.
  case interrupted
  /// A pattern names no part of the benchmark.
  case noSuchPart(String)
}
