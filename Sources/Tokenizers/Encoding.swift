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

  @inline(__always)
  mutating func append(_ id: TokenID, _ range: Range<Int>) {
    ids.append(id)
    ranges.append(range)
  }
}
