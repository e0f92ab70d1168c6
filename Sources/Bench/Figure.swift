/// One measured figure, with the limit that it is a part of and the target that it is held against.
package struct Figure: Equatable, Sendable {
  /// What programs know it by, such as `training.small.fp32`.
  package let name: String
  /// What people read. Figures of one subject share a row where rows are few.
  package let subject: String
  /// Which of its subject's figures this is, such as `one core`; empty if it is the only one.
  package let variant: String
  package let value: Double
  package let unit: Unit
  /// What it is a part or a multiple of.
  package let comparison: Comparison?
  /// What it must reach.
  package let target: Target?

  package enum Unit: String, Sendable, CaseIterable {
    case gigaflops = "GFLOP/s"
    case gigabytesPerSecond = "GB/s"
    case megabytesPerSecond = "MB/s"
    case tokensPerSecond = "tokens/s"
    case answersPerSecond = "answers/s"
    case microseconds = "µs"
    case milliseconds = "ms"
    case seconds = "s"
    case megabytes = "MB"
    case percent = "%"
  }

  /// A ratio to something that was measured beside the figure: the median over the rounds.
  package struct Comparison: Equatable, Sendable {
    /// The name of the figure that this one is divided by.
    package let with: String
    /// What people call that: `fp32 peak`.
    package let label: String
    package let ratio: Double
  }

  init(
    _ name: String, _ subject: String, variant: String = "", _ value: Double, _ unit: Unit,
    comparison: Comparison? = nil, target: Target? = nil
  ) {
    self.name = name
    self.subject = subject
    self.variant = variant
    self.value = value
    self.unit = unit
    self.comparison = comparison
    self.target = target
  }

  package var title: String { variant.isEmpty ? subject : "\(subject), \(variant)" }

  /// Whether the target is reached; nil without one.
  package var isReached: Bool? {
    guard let target else { return nil }
    return switch target.quantity {
    case .value: target.allows(value)
    case .ratio: comparison.map { target.allows($0.ratio) } ?? false
    }
  }
}
