/// One measured figure, and the limit that it is held against.
package struct Figure: Equatable, Sendable {
  /// What programs know it by, such as `training.small`.
  package let name: String
  /// What people read.
  package let title: String
  package let value: Double
  package let unit: Unit
  /// What it is a part or a multiple of.
  package let comparison: Comparison?

  package enum Unit: String, Sendable {
    case gigaflops = "GFLOP/s"
    case gigabytesPerSecond = "GB/s"
    case megabytesPerSecond = "MB/s"
    case tokensPerSecond = "tokens/s"
    case answersPerSecond = "answers/s"
    case microseconds = "µs"
    case milliseconds = "ms"
    case megabytes = "MB"
  }

  /// A ratio that was measured in the same rounds as the figure: the median over the rounds.
  package struct Comparison: Equatable, Sendable {
    /// The name of the figure that this one is divided by.
    package let with: String
    package let ratio: Double
  }

  init(_ name: String, _ title: String, _ value: Double, _ unit: Unit, comparison: Comparison? = nil) {
    self.name = name
    self.title = title
    self.value = value
    self.unit = unit
    self.comparison = comparison
  }
}
