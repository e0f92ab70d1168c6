import Tokenizers

/// The most probable of many tokens, chosen in one pass; of equally probable ones, those with the lowest numbers.
struct TopTokens {
  private let limit: Int
  /// Best first.
  private(set) var tokens: [(id: TokenID, logProbability: Float)] = []

  init(limit: Int) {
    self.limit = limit
    tokens.reserveCapacity(limit + 1)
  }

  /// What a token must exceed to be among the best.
  var threshold: Float {
    tokens.count < limit ? -.infinity : tokens.last?.logProbability ?? .infinity
  }

  /// Offers a token; those with lower numbers come first.
  ///
  /// - Complexity: O(1) for one that is not among the best so far, which for a random order is nearly every one.
  @inline(__always)
  mutating func offer(_ id: TokenID, _ logProbability: Float) {
    if logProbability > threshold { place(id, logProbability) }
  }

  private mutating func place(_ id: TokenID, _ logProbability: Float) {
    var low = 0
    var high = tokens.count
    while low < high {
      let middle = (low + high) / 2
      if tokens[middle].logProbability >= logProbability { low = middle + 1 } else { high = middle }
    }
    tokens.insert((id, logProbability), at: low)
    if tokens.count > limit { tokens.removeLast() }
  }
}
