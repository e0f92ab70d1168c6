/// Measures things in turn, each between two measurements of the limit that it is held against, so that a noisy minute
/// hits both sides of a ratio.
struct Contest {
  /// One that is measured, and what was found.
  struct Contestant {
    /// In the limit's unit.
    let measure: () throws(BenchmarkError) -> Double
    fileprivate(set) var samples = Samples()
    fileprivate(set) var ratios = Samples()

    init(_ measure: @escaping () throws(BenchmarkError) -> Double) { self.measure = measure }
  }

  private(set) var contestants: [Contestant]

  init(_ contestants: [Contestant]) { self.contestants = contestants }

  /// - Parameter limit: measures the limit once.
  mutating func run(rounds: Int, limit: () -> Double) throws(BenchmarkError) {
    guard !contestants.isEmpty else { return }
    for _ in 0..<rounds {
      var before = limit()
      for index in contestants.indices {
        let value = try contestants[index].measure()
        let after = limit()
        contestants[index].samples.add(value)
        contestants[index].ratios.add(value / ((before + after) / 2))
        before = after
      }
    }
  }
}
