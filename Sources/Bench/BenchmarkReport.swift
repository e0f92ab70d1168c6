package import JSON

/// What a run of the benchmark found.
package struct BenchmarkReport: Sendable {
  package struct Section: Sendable {
    package let title: String
    package internal(set) var figures: [Figure]
  }

  package internal(set) var sections: [Section] = []
  package let coreCount: Int

  /// For programs: one object a figure, under its name.
  package var json: JSONValue {
    var figures: JSONObject = [:]
    for figure in sections.flatMap(\.figures) {
      var members: JSONObject = ["value": JSONValue(finite: figure.value), "unit": .string(figure.unit.rawValue)]
      if let comparison = figure.comparison {
        members["ratio"] = JSONValue(finite: comparison.ratio)
        members["of"] = .string(comparison.with)
      }
      figures[figure.name] = .object(members)
    }
    return ["cores": JSONValue(coreCount), "figures": .object(figures)]
  }

  /// For people: a row a figure, under the titles of the sections. A row's cells are title, figure, and comparison.
  package var rows: [(title: String, rows: [[String]])] {
    sections.map { section in (section.title, section.figures.map(Self.row)) }
  }

  private static func row(_ figure: Figure) -> [String] {
    [figure.title, "\(rounded(figure.value)) \(figure.unit.rawValue)", figure.comparison.map(words) ?? ""]
  }

  private static func words(_ comparison: Figure.Comparison) -> String {
    switch comparison.ratio {
    case ..<2: "\(Int((comparison.ratio * 100).rounded()))% of \(comparison.with)"
    case ..<1e6: "\(rounded(comparison.ratio)) x \(comparison.with)"
    default: ""
    }
  }

  /// Three significant digits, as people write them.
  static func rounded(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "-" }
    if abs(value) >= 100 { return "\(Int(value.rounded()))" }
    let digits = abs(value) >= 10 ? 10.0 : 100.0
    return "\((value * digits).rounded() / digits)"
  }
}
