/// Turns pieces into byte-pair tokens, and remembers what the pieces became.
struct PairEncoder: PieceConsumer {
  private let table: MergeTable
  private let unknown: TokenID?
  private(set) var sink: TokenSink
  /// What is added to positions, and below what none may then be.
  private var offset = 0
  private var lowest = 0
  private var merger = PairMerger()
  private var cache = PieceCache()

  /// A longer piece is merged in parts of this many bytes, so that memory stays in proportion.
  static let partByteLimit = 1 << 20

  init(table: MergeTable, unknown: TokenID?, sink: TokenSink) {
    self.table = table
    self.unknown = unknown
    self.sink = sink
  }

  mutating func piece(of text: Span<UInt8>, at range: Range<Int>) {
    if range.count == 1 || range.count > PieceCache.pieceByteLimit {
      mergeInParts(text, range)
      return
    }
    let key = VocabularySegment.Key(text, range, secret: cache.secret)
    if let known = cache.find(text, range, key) {
      for index in known { append(cache.symbols[index], base: range.lowerBound) }
      return
    }
    merger.merge(text, range, by: table, unknown: unknown)
    cache.insert(merger.symbols, for: text, range, key)
    for symbol in merger.symbols { append(symbol, base: range.lowerBound) }
  }

  private mutating func mergeInParts(_ text: Span<UInt8>, _ range: Range<Int>) {
    var start = range.lowerBound
    while start < range.upperBound {
      let end = min(start + Self.partByteLimit, range.upperBound)
      merger.merge(text, start..<end, by: table, unknown: unknown)
      for symbol in merger.symbols { append(symbol, base: start) }
      start = end
    }
  }

  @inline(__always)
  private mutating func append(_ symbol: PairMerger.Symbol, base: Int) {
    let start = base &+ offset &+ Int(symbol.start)
    let end = base &+ offset &+ Int(symbol.end)
    sink.append(symbol.id, max(start, lowest)..<max(end, lowest))
  }

  mutating func lineEnd(at range: Range<Int>) {}

  mutating func token(_ id: TokenID, at range: Range<Int>) {
    sink.append(id, range)
  }

  mutating func movePositions(by offset: Int, lowest: Int) {
    self.offset = offset
    self.lowest = lowest
  }
}

/// What pieces of text became, for as many as fit; starts anew when it is full.
private struct PieceCache {
  /// Longer pieces hardly come twice.
  static let pieceByteLimit = 32
  private static let pieceLimit = 1 << 15

  private(set) var symbols: [PairMerger.Symbol] = []
  private var pieces = VocabularySegment()
  private var ends: [Int] = []
  let secret = ByteHash.secret

  /// Where in `symbols` the piece's tokens stand.
  @inline(__always)
  func find(_ text: Span<UInt8>, _ range: Range<Int>, _ key: VocabularySegment.Key) -> Range<Int>? {
    guard let piece = pieces.find(text, range, key) else { return nil }
    return (piece == 0 ? 0 : ends[piece &- 1])..<ends[piece]
  }

  mutating func insert(
    _ tokens: [PairMerger.Symbol], for text: Span<UInt8>, _ range: Range<Int>, _ key: VocabularySegment.Key
  ) {
    if pieces.count == Self.pieceLimit { self = PieceCache() }
    pieces.append(text, range, key, secret: secret)
    symbols.append(contentsOf: tokens)
    ends.append(symbols.count)
  }
}
