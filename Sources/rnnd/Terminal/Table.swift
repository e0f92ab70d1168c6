/// Rows of cells under titles, aligned by display columns.
struct Table {
  struct Column {
    var title: String
    var isNumber = false
  }

  var columns: [Column]
  var rows: [[String]] = []

  /// On a terminal an aligned table with faint titles; for programs the cells with tabs between and no titles.
  func lines(on screen: Screen) -> [String] {
    let cells = rows.map { $0.map(\.printableLine) }
    guard screen.isTerminal else { return cells.map { $0.joined(separator: "\t") } }
    let widths = columns.indices.map { index in
      cells.reduce(DisplayWidth.of(columns[index].title)) { max($0, DisplayWidth.of($1[index])) }
    }
    let titles = screen.style(aligned(columns.map(\.title), widths: widths), .faint)
    return [titles] + cells.map { aligned($0, widths: widths) }
  }

  private func aligned(_ cells: [String], widths: [Int]) -> String {
    var line = ""
    for (index, cell) in cells.enumerated() {
      let isLast = index == cells.count - 1
      if index > 0 { line += "  " }
      if columns[index].isNumber {
        line += cell.padded(to: widths[index], alignedRight: true)
      } else {
        line += isLast ? cell : cell.padded(to: widths[index])
      }
    }
    return line
  }
}
