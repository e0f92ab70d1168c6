import Kernels
package import System

/// The benchmark: the machine's own limits, and beside each of them what rnnd reaches, measured in the same rounds.
///
/// Machines are noisy and differ, so ratios are what to compare; each is the median over interleaved rounds.
package struct Benchmark {
  package struct Settings: Sendable {
    /// Fewer and shorter rounds: done in about 20 seconds.
    package var isQuick: Bool
    /// The program that serves as daemon and as echo: this one.
    package var executable: String

    package init(isQuick: Bool, executable: String) {
      self.isQuick = isQuick
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

  package init(_ settings: Settings) { self.settings = settings }

  /// Runs everything.
  ///
  /// - Parameter onSection: told what is being measured.
  /// - Throws: `BenchmarkError` when the daemon that is to be measured cannot be started or does not do its work.
  package func run(onSection: (String) -> Void) throws(BenchmarkError) -> BenchmarkReport {
    var report = BenchmarkReport(coreCount: MachinePeak.coreCount)
    func measure(_ title: String, _ figures: () throws(BenchmarkError) -> [Figure]) throws(BenchmarkError) {
      onSection(title)
      report.sections.append(.init(title: title, figures: try figures()))
    }
    try measure("memory bandwidth") { () throws(BenchmarkError) in bandwidths() }
    try measure("matrix products, fp32") { () throws(BenchmarkError) in matrixProducts() }
    try measure("training, fp32, batch 20, 35 steps") { () throws(BenchmarkError) in try training() }
    try measure("tokenizing") { () throws(BenchmarkError) in try tokenizing() }
    try measure("service: 2x200 LSTM, 10,000 words") { () throws(BenchmarkError) in
      try ServiceBenchmark(settings).run()
    }
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
}
