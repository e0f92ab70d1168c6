/// The rows of a table that a window reads, each once, in the order of their first appearance.
struct TouchedRows {
  private(set) var list: [Int] = []
  private var isMarked: [Bool] = []

  /// Adds the rows of tokens; padding stands for row 0, whose gradient then gets zeros.
  mutating func mark(_ tokens: [Int32], rowCount: Int) {
    if isMarked.count < rowCount {
      isMarked.append(contentsOf: repeatElement(false, count: rowCount - isMarked.count))
    }
    for token in tokens {
      let row = max(0, Int(token))
      guard !isMarked[row] else { continue }
      isMarked[row] = true
      list.append(row)
    }
  }

  mutating func clear() {
    for row in list { isMarked[row] = false }
    list.removeAll(keepingCapacity: true)
  }
}
