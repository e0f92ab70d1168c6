package import JSON

/// What a run of the benchmark found.
package struct BenchmarkReport: Sendable {
  package struct Section: Sendable {
    package let title: String
    /// The part of the benchmark that measures it, for `--only`.
    package let part: Part
    package internal(set) var figures: [Figure]
  }

  package internal(set) var sections: [Section] = []
  package let machine: Machine
  package let isQuick: Bool
  /// How long the run took.
  package internal(set) var seconds = 0.0

  /// For programs: one object a figure, under its name.
  package var json: JSONValue {
    var figures: JSONObject = [:]
    for figure in sections.flatMap(\.figures) { figures[figure.name] = Self.json(of: figure) }
    return [
      "processor": machine.processor.map { .string($0) } ?? .null, "cores": JSONValue(machine.coreCount),
      "quick": .bool(isQuick), "seconds": JSONValue(finite: seconds), "figures": .object(figures),
    ]
  }

  private static func json(of figure: Figure) -> JSONValue {
    var members: JSONObject = [
      "title": .string(figure.title), "value": JSONValue(finite: figure.value), "unit": .string(figure.unit.rawValue),
    ]
    if let comparison = figure.comparison {
      members["ratio"] = JSONValue(finite: comparison.ratio)
      members["of"] = .string(comparison.with)
    }
    if let target = figure.target {
      members["target"] = [
        "of": .string(target.quantity.rawValue), target.bound.rawValue: JSONValue(finite: target.limit),
        "reached": .bool(figure.isReached == true),
      ]
    }
    return .object(members)
  }

  /// For people: a row a figure, under the titles of the sections. A row's cells are title, figure, comparison, target,
  /// and whether that is reached.
  package var rows: [(title: String, rows: [[String]])] {
    sections.map { section in
      (
        section.title,
        section.figures.map { figure in
          [
            figure.title, Wording.value(of: figure), Wording.comparison(of: figure), Wording.target(of: figure),
            Wording.outcome(of: figure),
          ]
        }
      )
    }
  }

  /// `31 of 40 targets are reached`; nil where nothing with a target was measured.
  package var summary: String? {
    let outcomes = sections.flatMap(\.figures).compactMap(\.isReached)
    return outcomes.isEmpty ? nil : "\(outcomes.filter { $0 }.count) of \(outcomes.count) targets are reached"
  }
}
