/// Two tokens that become one.
struct Merge: Equatable, Sendable {
  let left: TokenID
  let right: TokenID
  let result: TokenID
}

/// The merges of a byte-pair encoding, by rank.
///
/// Immutable, so that all copies of a tokenizer share one.
final class MergeTable: Sendable {
  /// In the order in which they are preferred.
  let merges: [Merge]
  /// The token of each byte; -1 for a byte that has none.
  let byteTokens: [TokenID]
  private let ranks: PairMap

  /// A pair that doesn't merge ranks behind all that do.
  static let noMerge = UInt64.max

  init(merges: [Merge], byteTokens: [TokenID]) {
    self.merges = merges
    self.byteTokens = byteTokens
    var ranks = PairMap(capacity: merges.count)
    for (rank, merge) in merges.enumerated() {
      ranks.set(merge.left, merge.right, to: UInt64(rank) << 32 | UInt64(merge.result))
    }
    self.ranks = ranks
  }

  /// A pair's rank in the upper half, the token that it becomes in the lower; `noMerge` when it stays a pair.
  @inline(__always)
  func rank(_ left: TokenID, _ right: TokenID) -> UInt64 {
    ranks.value(left, right) ?? Self.noMerge
  }
}
