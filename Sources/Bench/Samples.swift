/// Repeated measurements of one thing.
struct Samples {
  private(set) var values: [Double]

  init(_ values: [Double] = []) { self.values = values }

  mutating func add(_ value: Double) { values.append(value) }

  mutating func add(_ others: Samples) { values += others.values }

  var median: Double { quantile(0.5) }

  /// The smallest measurement that at least `share` of all do not exceed.
  func quantile(_ share: Double) -> Double {
    guard !values.isEmpty else { return .nan }
    let rank = Int((share * Double(values.count)).rounded(.up)) - 1
    return values.sorted()[min(max(rank, 0), values.count - 1)]
  }
}
