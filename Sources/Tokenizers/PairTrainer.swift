/// Learns the merges of a byte-pair encoding from counted pieces of text.
///
/// Again and again the most frequent pair of neighbouring tokens becomes a token; of equally frequent ones the pair with
/// the smaller numbers, the left one first. Counts are kept up to date by looking only at the pieces in which a merge
/// happened. The outcome is that of Hugging Face's `BpeTrainer`.
///
/// Source: Sennrich, Haddow and Birch 2016.
struct PairTrainer {
  /// The pieces' tokens, end to end; a piece shrinks towards its beginning.
  private var symbols: [TokenID] = []
  private var starts: [Int] = []
  private var lengths: [Int] = []
  private let pieceCounts: [Int]

  /// Numbers of pairs: where in `pairCounts` and `pending` they stand.
  private var pairs = PairMap(capacity: 1 << 14)
  private var pairCounts: [Int] = []
  /// The pieces in which a pair came up since it was last queued.
  private var pending: [[Int32]] = []
  private var pendingPairs: [(left: TokenID, right: TokenID)] = []
  private var queue = Heap<Candidate>()

  /// Longer pieces are cut for counting, so that a text without any break trains in time linear in its length.
  static let pieceByteLimit = 1024

  /// A pair as it stood when it was queued: its count may have fallen since.
  private struct Candidate: Comparable {
    var count: Int
    let left: TokenID
    let right: TokenID
    let pieces: [Int32]

    static func < (first: Candidate, second: Candidate) -> Bool {
      if first.count != second.count { return first.count > second.count }
      return (first.left, first.right) < (second.left, second.right)
    }

    static func == (first: Candidate, second: Candidate) -> Bool {
      first.count == second.count && first.left == second.left && first.right == second.right
    }
  }

  /// Takes the pieces that a text consists of, and how often each occurs.
  init(pieces: Vocabulary, counts: [Int], byteTokens: [TokenID]) {
    var pieceCounts: [Int] = []
    for (piece, count) in counts.enumerated() {
      guard let bytes = pieces.bytes(of: TokenID(piece)) else { continue }
      var start = bytes.startIndex
      while start < bytes.endIndex {
        let end = min(start + Self.pieceByteLimit, bytes.endIndex)
        starts.append(symbols.count)
        lengths.append(end - start)
        pieceCounts.append(count)
        symbols.append(contentsOf: bytes[start..<end].lazy.map { byteTokens[Int($0)] })
        start = end
      }
    }
    self.pieceCounts = pieceCounts
  }

  /// Adds tokens to `vocabulary` until it has `limit` of them or no pair occurs at least `minimumCount` times.
  consuming func train(_ vocabulary: inout Vocabulary, limit: Int, minimumCount: Int) -> [Merge] {
    countPairs()
    var merges: [Merge] = []
    while vocabulary.count < limit, var best = queue.pop() {
      let count = pairCount(best.left, best.right)
      if count != best.count {
        best.count = count
        queue.push(best)
        continue
      }
      if count < max(1, minimumCount) { break }
      guard let left = vocabulary.bytes(of: best.left), let right = vocabulary.bytes(of: best.right) else { break }
      let result = vocabulary.insert(Array(left + right))
      merges.append(Merge(left: best.left, right: best.right, result: result))
      for piece in best.pieces { merge(best, into: result, piece: Int(piece)) }
      queuePending()
    }
    return merges
  }

  private mutating func countPairs() {
    for piece in starts.indices {
      for index in starts[piece]..<(starts[piece] + max(0, lengths[piece] - 1)) {
        change(symbols[index], symbols[index + 1], by: pieceCounts[piece], piece: piece)
      }
    }
    queuePending()
  }

  /// Makes one token of every occurrence of a pair in one piece.
  private mutating func merge(_ pair: Candidate, into result: TokenID, piece: Int) {
    let start = starts[piece]
    let end = start + lengths[piece]
    let weight = pieceCounts[piece]
    var from = start
    var to = start
    while from < end {
      guard symbols[from] == pair.left, from + 1 < end, symbols[from + 1] == pair.right else {
        symbols[to] = symbols[from]
        from += 1
        to += 1
        continue
      }
      if to > start {
        change(symbols[to - 1], pair.left, by: -weight, piece: piece)
        change(symbols[to - 1], result, by: weight, piece: piece)
      }
      if from + 2 < end {
        change(pair.right, symbols[from + 2], by: -weight, piece: piece)
        change(result, symbols[from + 2], by: weight, piece: piece)
      }
      symbols[to] = result
      from += 2
      to += 1
    }
    lengths[piece] = to - start
  }

  private func pairCount(_ left: TokenID, _ right: TokenID) -> Int {
    pairs.value(left, right).map { pairCounts[Int($0)] } ?? 0
  }

  /// Changes a pair's count; where it grows, the piece is remembered for the queue.
  private mutating func change(_ left: TokenID, _ right: TokenID, by amount: Int, piece: Int) {
    let pair: Int
    if let known = pairs.value(left, right) {
      pair = Int(known)
    } else {
      pair = pairCounts.count
      pairs.set(left, right, to: UInt64(pair))
      pairCounts.append(0)
      pending.append([])
    }
    pairCounts[pair] += amount
    guard amount > 0 else { return }
    if pending[pair].isEmpty { pendingPairs.append((left, right)) }
    if pending[pair].last != Int32(piece) { pending[pair].append(Int32(piece)) }
  }

  /// Queues the pairs that came up.
  private mutating func queuePending() {
    for (left, right) in pendingPairs {
      guard let pair = pairs.value(left, right).map({ Int($0) }) else { continue }
      if pairCounts[pair] > 0 {
        queue.push(Candidate(count: pairCounts[pair], left: left, right: right, pieces: pending[pair]))
      }
      pending[pair] = []
    }
    pendingPairs.removeAll(keepingCapacity: true)
  }
}
