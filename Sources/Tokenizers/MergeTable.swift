/// The merges of a byte-pair encoding: placeholder shape
final class MergeTable: Sendable {}
struct PairEncoder: PieceConsumer {
  let merges: MergeTable
  let unknown: TokenID?
  var encoding = Encoding()
  mutating func piece(of text: Span<UInt8>, at range: Range<Int>) {}
  mutating func lineEnd(at range: Range<Int>) {}
  mutating func token(_ id: TokenID, at range: Range<Int>) {}
}
