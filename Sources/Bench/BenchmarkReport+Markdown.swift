extension BenchmarkReport {
  /// For a document: one table with a row for each subject that must reach something or is a limit to others, and for
  /// each series that shows how cost grows a table of its own.
  package var markdown: [String] {
    let tables = sections.filter { !$0.part.isSeries }
    let series = sections.filter(\.part.isSeries)
    var lines: [String] = []
    if !tables.isEmpty {
      lines += ["| what | must reach | measured | reached | command |", "|---|---|---|---|---|"]
      for section in tables {
        let command = "`rnnd bench --only \(section.part.rawValue)`"
        for figures in Self.subjects(of: section) where figures.contains(where: isNamed) {
          lines.append(Self.row(["\(section.title): \(figures[0].subject)"] + Self.cells(of: figures) + [command]))
        }
      }
    }
    for section in series {
      if !lines.isEmpty { lines.append("") }
      lines += ["| \(section.title) | measured | compared |", "|---|---|---|"]
      lines += section.figures.map { Self.row([$0.title, Wording.value(of: $0), Wording.comparison(of: $0)]) }
    }
    return lines
  }

  /// Whether a figure has a target, or one that has is compared with it.
  private func isNamed(_ figure: Figure) -> Bool {
    figure.target != nil
      || sections.contains { section in
        section.figures.contains { $0.target != nil && $0.comparison?.with == figure.name }
      }
  }

  /// A section's figures, those of one subject together.
  private static func subjects(of section: Section) -> [[Figure]] {
    section.figures.reduce(into: []) { subjects, figure in
      if let last = subjects.indices.last, subjects[last][0].subject == figure.subject {
        subjects[last].append(figure)
      } else {
        subjects.append([figure])
      }
    }
  }

  /// Target, measurement and outcome of one subject's figures.
  private static func cells(of figures: [Figure]) -> [String] {
    let measured = figures.map { figure in
      let words = [Wording.value(of: figure), Wording.comparison(of: figure)].filter { !$0.isEmpty }
      return (figure.variant.isEmpty ? "" : figure.variant + ": ") + words.joined(separator: ", ")
    }
    return [
      joined(figures, Wording.target), measured.joined(separator: "; "),
      joined(figures, Wording.outcome),
    ]
  }

  /// Each figure's word after its variant, or one word for all of them where they agree.
  private static func joined(_ figures: [Figure], _ word: (Figure) -> String) -> String {
    let words = figures.map { (variant: $0.variant, word: word($0)) }.filter { !$0.word.isEmpty }
    guard let first = words.first else { return "" }
    if words.allSatisfy({ $0.word == first.word }) { return first.word }
    return words.map { "\($0.variant): \($0.word)" }.joined(separator: "; ")
  }

  private static func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
}
