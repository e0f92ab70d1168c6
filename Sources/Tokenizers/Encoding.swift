/// A text as tokens.
package struct Encoding: Equatable, Sendable {
  /// The tokens, in order.
  package var ids: [TokenID] = []
  /// Where each token stands in the text, as UTF-8 byte offsets; as many as `ids`, in order, without overlaps.
  ///
  /// White space between tokens belongs to none of them.
  package var ranges: [Range<Int>] = []

  package init(ids: [TokenID] = [], ranges: [Range<Int>] = []) {
    self.ids = ids
    self.ranges = ranges
  }

  package var count: Int { ids.count }
}

/// Collects the tokens of a text, with or without their places.
struct TokenSink {
  private(set) var ids: [TokenID] = []
  private(set) var ranges: [Range<Int>] = []
  private let keepsRanges: Bool

  /// - Parameter expectedCount: how many tokens there will be, as far as one can tell.
  init(expectedCount: Int, keepsRanges: Bool) {
    self.keepsRanges = keepsRanges
    ids.reserveCapacity(expectedCount)
    if keepsRanges { ranges.reserveCapacity(expectedCount) }
  }

  @inline(__always)
  mutating func append(_ id: TokenID, _ range: Range<Int>) {
    ids.append(id)
    if keepsRanges { ranges.append(range) }
  }

  var encoding: Encoding { Encoding(ids: ids, ranges: ranges) }
}
