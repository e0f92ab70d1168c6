import Networks
import Tokenizers

/// Finds the most probable words where tokens are pieces of words.
///
/// A best-first search: the most probable unfinished piece of text is taken up, the network reads its last token, and the
/// distribution after it says with what probability the word ends there (its mass goes to the word) and how it may go
/// on. Different tokens that spell one word add up. The search is over when nothing unfinished is more probable than the
/// last word wanted, or when its steps are used up. It is deterministic.
struct NextWordSearch {
  /// A piece of text that may become a word.
  private struct Path: Comparable {
    var bytes: [UInt8]
    /// The state before `token`; nil for the empty path.
    var state: HiddenState
    var token: TokenID?
    var logProbability: Double
    var match: WordPattern.Match
    /// Breaks ties: the path found first goes first.
    var order: Int

    /// The smallest path is the one to take up first.
    static func < (left: Path, right: Path) -> Bool {
      (right.logProbability, left.order) < (left.logProbability, right.order)
    }

    static func == (left: Path, right: Path) -> Bool { left.order == right.order }
  }

  private let pattern: WordPattern
  private let pieces: PieceTable
  private let limit: Int
  private var heap = Heap<Path>()
  private var isStarted = false
  private var expandedCount = 0
  private var pathCount = 0
  private var probabilities: [[UInt8]: Double] = [:]
  /// The mass of everything that agrees with what must match.
  private var coveredMass = 0.0
  /// How many paths are taken up at most.
  private let stepLimit: Int

  private static let wordByteLimit = 256
  private static let heapLimit = 4096
  private static let branchLimit = 64
  /// Paths less probable than this, against the best word, are dropped: e⁻¹⁶.
  private static let hopeless = -16.0

  init(_ pattern: WordPattern, pieces: PieceTable, limit: Int) {
    self.pattern = pattern
    self.pieces = pieces
    self.limit = limit
    stepLimit = min(64 + 24 * limit, 768)
  }

  /// Searches on from the state after the text.
  ///
  /// - Returns: the words with their probabilities, most probable first, or nil when the budget is used up before.
  mutating func advance(
    by budget: inout Int, from state: HiddenState, with reader: ModelReader, in snapshot: ModelSnapshot
  ) -> [(word: [UInt8], probability: Double)]? {
    if !isStarted {
      isStarted = true
      let match = pattern.match([])
      if match.isCovered { coveredMass = 1 }
      heap.push(Path(bytes: [], state: state, token: nil, logProbability: 0, match: match, order: 0))
    }
    while !isOver {
      guard budget > 0 else { return nil }
      guard var path = heap.pop() else { break }
      if let token = path.token {
        reader.predictor.advance(&path.state, by: token, with: snapshot.served)
        budget -= 1
      }
      expand(path, reader.distribution(after: path.state, in: snapshot).logProbabilities)
      budget -= 1
      expandedCount += 1
    }
    return best()
  }

  private var isOver: Bool {
    guard let next = heap.first, expandedCount < stepLimit else { return true }
    // Looked at now and then only, as it sorts.
    guard probabilities.count >= limit, expandedCount % 8 == 0 else { return false }
    return next.logProbability.exponential < wantedProbability()
  }

  /// The probability of the last word that will be in the answer, as far as is known.
  private func wantedProbability() -> Double {
    probabilities.values.sorted(by: >)[limit - 1]
  }

  private func best() -> [(word: [UInt8], probability: Double)] {
    guard coveredMass > 0 else { return [] }
    let sorted = probabilities.sorted {
      $0.value != $1.value ? $0.value > $1.value : $0.key.lexicographicallyPrecedes($1.key)
    }
    return sorted.prefix(limit).map { ($0.key, $0.value / coveredMass) }
  }

  /// Ends the word here with the probability that something else follows, and goes on with what may belong to it.
  private mutating func expand(_ path: Path, _ logProbabilities: [Float]) {
    if path.match.isCovered {
      if !path.match.word.isEmpty, !path.match.endsInScalar {
        end(path, mass: endingMass(logProbabilities, afterJoiner: path.match.endsInJoiner))
      }
      follow(path, logProbabilities, afterWord: !path.match.word.isEmpty && !path.match.endsInScalar)
    } else {
      for token in 0..<pieces.count { extend(path, by: token, logProbabilities[token]) }
    }
  }

  /// How probable it is that the next token doesn't go on with the word.
  private func endingMass(_ logProbabilities: [Float], afterJoiner: Bool) -> Double {
    var mass = 0.0
    for (token, start) in pieces.starts.enumerated() {
      switch start {
      case .blank, .mark, .special: mass += Double(logProbabilities[token].exponential)
      case .joiner where afterJoiner: mass += Double(logProbabilities[token].exponential)
      case .joiner, .word, .fragment: continue
      }
    }
    return mass
  }

  private mutating func end(_ path: Path, mass: Double) {
    let word = Array(path.bytes[path.match.word])
    probabilities[word, default: 0] += path.logProbability.exponential * mass
  }

  /// Takes up the most probable tokens that may belong to the word.
  private mutating func follow(_ path: Path, _ logProbabilities: [Float], afterWord: Bool) {
    var best = TopTokens(limit: Self.branchLimit)
    for (token, start) in pieces.starts.enumerated() {
      if start == .special { continue }
      if afterWord, start == .blank || start == .mark || start == .joiner && path.match.endsInJoiner { continue }
      best.offer(TokenID(token), logProbabilities[token])
    }
    for (token, logProbability) in best.tokens { extend(path, by: Int(token), logProbability) }
  }

  /// The path with one more token: a finished word, another path, or nothing.
  private mutating func extend(_ path: Path, by token: Int, _ tokenLogProbability: Float) {
    let piece = pieces.bytes(of: token)
    guard let first = piece.first, path.bytes.count + piece.count <= Self.wordByteLimit else { return }
    if let expected = pattern.demandedByte(at: path.bytes.count), expected != first { return }
    let bytes = path.bytes + piece
    let match = pattern.match(bytes)
    guard match.progress != .none else { return }
    let logProbability = path.logProbability + Double(tokenLogProbability)
    if match.isCovered, !path.match.isCovered { coveredMass += logProbability.exponential }
    pathCount += 1
    let extended = Path(
      bytes: bytes, state: path.state, token: TokenID(token), logProbability: logProbability, match: match,
      order: pathCount)
    if match.progress == .ended {
      end(extended, mass: 1)
    } else if heap.count < Self.heapLimit, logProbability > Self.hopeless + (heap.first?.logProbability ?? -.infinity) {
      heap.push(extended)
    }
  }
}
