/// The known name that a mistyped one most likely means, or nil when none is near.
///
/// Names are compared without regard to ASCII case and to the marks that people put between words, so that `trainStep`
/// and `train_step` find `train-step`; then by the fewest insertions, deletions, replacements and swaps of neighbours, up
/// to a third of the longer name's length. Failing that, the only name that begins with the word (three letters or more)
/// is taken. Of equally near names the first one wins.
/// - Complexity: O(`word` · the names' total length); words of more than 64 bytes are near nothing.
package func nearest(_ word: String, among known: some Sequence<String>) -> String? {
  let wanted = foldedName(word)
  guard !wanted.isEmpty, wanted.count <= 64 else { return nil }
  var best: (name: String, distance: Int)?
  var beginning: [String] = []
  for name in known {
    let candidate = foldedName(name)
    guard candidate.count <= 64 else { continue }
    let distance = editDistance(wanted, candidate)
    if distance <= max(wanted.count, candidate.count) / 3, distance < best?.distance ?? .max { best = (name, distance) }
    if wanted.count >= 3, candidate.starts(with: wanted) { beginning.append(name) }
  }
  return best?.name ?? (beginning.count == 1 ? beginning.first : nil)
}

private func foldedName(_ name: String) -> [UInt8] {
  name.utf8.prefix(128).compactMap { byte in
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
    case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: " "): nil
    default: byte
    }
  }
}

/// The least count of insertions, deletions, replacements and swaps of neighbours that turns one word into the other
/// (optimal string alignment).
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
  var beforePrevious = [Int](repeating: 0, count: right.count + 1)
  var previous = Array(0...right.count)
  for (row, byte) in left.enumerated() {
    var current = [row + 1]
    current.reserveCapacity(right.count + 1)
    for (column, other) in right.enumerated() {
      var distance = min(previous[column + 1], current[column]) + 1
      distance = min(distance, previous[column] + (byte == other ? 0 : 1))
      if row > 0, column > 0, byte == right[column - 1], left[row - 1] == other {
        distance = min(distance, beforePrevious[column - 1] + 1)
      }
      current.append(distance)
    }
    (beforePrevious, previous) = (previous, current)
  }
  return previous[right.count]
}
