/// Rows of a table, each once, in the order in which they were first named.
struct TouchedRows {
  private(set) var list: [Int] = []
  private var isMarked: [Bool] = []

  /// Adds the rows of tokens; padding stands for row 0, whose gradient then gets zeros.
  mutating func mark(tokens: [TokenID], rowCount: Int) {
    makeRoom(rowCount)
    for token in tokens { mark(max(0, Int(token))) }
  }

  /// Adds rows.
  mutating func mark(rows: some Sequence<Int>, rowCount: Int) {
    makeRoom(rowCount)
    for row in rows { mark(row) }
  }

  mutating func clear() {
    for row in list { isMarked[row] = false }
    list.removeAll(keepingCapacity: true)
  }

  private mutating func makeRoom(_ rowCount: Int) {
    guard isMarked.count < rowCount else { return }
    isMarked.append(contentsOf: repeatElement(false, count: rowCount - isMarked.count))
  }

  private mutating func mark(_ row: Int) {
    guard !isMarked[row] else { return }
    isMarked[row] = true
    list.append(row)
  }
}
