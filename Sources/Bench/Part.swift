/// A part of the benchmark, which can be run alone.
package enum Part: String, CaseIterable, Sendable {
  case peak, bandwidth, product, training, tokenizing, latency, lesson, crowd, start, memory, growth

  /// Whether its sections show how something grows, not what must be reached.
  var isSeries: Bool { self == .growth }
}

/// Which figures are wanted: those whose names begin with one of the patterns, word by word; all without a pattern.
package struct Selection: Equatable, Sendable {
  package let patterns: [String]

  package static let everything = Selection(unchecked: [])

  private init(unchecked patterns: [String]) { self.patterns = patterns }

  /// - Throws: the first pattern that begins with no part's name.
  package init(_ patterns: [String]) throws(BenchmarkError) {
    for pattern in patterns {
      let first = pattern.split(separator: ".", omittingEmptySubsequences: false).first.map(String.init)
      guard let first, Part(rawValue: first) != nil else { throw .noSuchPart(pattern) }
    }
    self.init(unchecked: patterns)
  }

  /// Whether a figure, or any figure of a group, is wanted: `training` and `training.small.fp32` are by `training.small`,
  /// `training.medium` is not.
  func wants(_ name: String) -> Bool {
    patterns.isEmpty || patterns.contains { name == $0 || name.hasPrefix($0 + ".") || $0.hasPrefix(name + ".") }
  }

  /// Whether a figure or a group is asked for by its own name, not only as one of many.
  func names(_ name: String) -> Bool { patterns.contains { $0 == name || $0.hasPrefix(name + ".") } }

  func wants(_ part: Part) -> Bool { wants(part.rawValue) }
}
