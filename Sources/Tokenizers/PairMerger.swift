/// Merges the bytes of a piece into tokens: always the pair of the best rank, the leftmost of several.
struct PairMerger {
  /// A token and where it stands.
  struct Symbol {
    var id: TokenID
    var start: Int32
    var end: Int32
  }

  /// What the last piece became; positions count from its beginning.
  private(set) var symbols: [Symbol] = []
  /// The rank of each symbol with its successor.
  private var ranks: [UInt64] = []

  /// Up to how many bytes looking at every pair is faster than a heap.
  private static let shortByteCount = 64

  /// Merges the bytes of `text` in `range` into `symbols`.
  ///
  /// A byte without a token becomes `unknown`, or nothing where there is none, as for Hugging Face's tokenizers.
  ///
  /// - Precondition: `range.count <= Int32.max`
  /// - Complexity: O(n log n) for n bytes.
  mutating func merge(_ text: Span<UInt8>, _ range: Range<Int>, by table: MergeTable, unknown: TokenID?) {
    symbols.removeAll(keepingCapacity: true)
    for position in range {
      let token = table.byteTokens[Int(text[position])]
      guard let id = token >= 0 ? token : unknown else { continue }
      let start = Int32(truncatingIfNeeded: position - range.lowerBound)
      symbols.append(Symbol(id: id, start: start, end: start &+ 1))
    }
    if symbols.count <= Self.shortByteCount {
      mergeShort(by: table)
    } else {
      mergeLong(by: table)
    }
  }

  private mutating func mergeShort(by table: MergeTable) {
    ranks.removeAll(keepingCapacity: true)
    if symbols.count < 2 { return }
    for index in 1..<symbols.count { ranks.append(table.rank(symbols[index - 1].id, symbols[index].id)) }
    while true {
      var best = MergeTable.noMerge
      var at = 0
      for index in ranks.indices where ranks[index] < best {
        best = ranks[index]
        at = index
      }
      if best == MergeTable.noMerge { return }
      symbols[at].id = TokenID(truncatingIfNeeded: best & 0xFFFF_FFFF)
      symbols[at].end = symbols[at + 1].end
      symbols.remove(at: at + 1)
      ranks.remove(at: at)
      if at > 0 { ranks[at - 1] = table.rank(symbols[at - 1].id, symbols[at].id) }
      if at < ranks.count { ranks[at] = table.rank(symbols[at].id, symbols[at + 1].id) }
    }
  }

  /// A pair that could merge; out of date when its left symbol's pair has another rank by now.
  private struct Candidate: Comparable {
    let rank: UInt64
    let position: Int

    static func < (first: Candidate, second: Candidate) -> Bool {
      (first.rank, first.position) < (second.rank, second.position)
    }
  }

  private mutating func mergeLong(by table: MergeTable) {
    let count = symbols.count
    // Neighbours as a linked list over the symbols; `count` ends it. A symbol that was merged away has id -1.
    var next = Array(1...count)
    var previous = Array(-1..<(count - 1))
    var candidates: [Candidate] = []
    for index in 0..<(count - 1) {
      let rank = table.rank(symbols[index].id, symbols[index + 1].id)
      if rank != MergeTable.noMerge { candidates.append(Candidate(rank: rank, position: index)) }
    }
    var queue = Heap(candidates)
    while let candidate = queue.pop() {
      let left = candidate.position
      let right = next[left]
      guard symbols[left].id >= 0, right < count, table.rank(symbols[left].id, symbols[right].id) == candidate.rank
      else { continue }
      symbols[left].id = TokenID(truncatingIfNeeded: candidate.rank & 0xFFFF_FFFF)
      symbols[left].end = symbols[right].end
      symbols[right].id = -1
      next[left] = next[right]
      if next[left] < count { previous[next[left]] = left }
      for position in [previous[left], left] where position >= 0 && next[position] < count {
        let rank = table.rank(symbols[position].id, symbols[next[position]].id)
        if rank != MergeTable.noMerge { queue.push(Candidate(rank: rank, position: position)) }
      }
    }
    symbols.removeAll { $0.id < 0 }
  }
}
