/// How a tokenizer takes a text apart: added tokens, line ends, splitting. Knows no vocabulary.
///
/// Immutable, so that all copies of a tokenizer share one.
final class TextRules: Sendable {
  /// Applied one to the pieces of the other; at least one.
  let splitters: [Splitter]
  /// Whether a line feed is a token (the end of the sequence) rather than white space.
  let endsLines: Bool
  /// Whether a blank is put before a text that doesn't begin with one.
  let addsPrefixSpace: Bool
  let addedTokens: [AddedToken]
  private let addedContents: [TokenID: String]
  private let original: AddedTokenMatcher?
  private let normalized: AddedTokenMatcher?

  init(splitters: [Splitter], endsLines: Bool, addsPrefixSpace: Bool = false, addedTokens: [AddedToken] = []) {
    self.splitters = splitters
    self.endsLines = endsLines
    self.addsPrefixSpace = addsPrefixSpace
    self.addedTokens = addedTokens
    addedContents = Dictionary(addedTokens.map { ($0.id, $0.content) }) { first, _ in first }
    original = AddedTokenMatcher(addedTokens.filter { !$0.isNormalized })
    normalized = AddedTokenMatcher(addedTokens.filter(\.isNormalized))
  }

  /// An added token's text; nil for any other token.
  func addedContent(_ id: TokenID) -> String? { addedContents[id] }

  /// Hands over everything that is a token or a piece to be looked up, in the order of the text.
  func walk(_ text: Span<UInt8>, into consumer: inout some PieceConsumer) {
    cut(text, 0..<text.count, by: original, into: &consumer) { text, range, consumer in
      self.cut(text, range, by: self.normalized, into: &consumer) { text, range, consumer in
        self.split(text, range, into: &consumer)
      }
    }
  }

  /// Hands over the tokens that `matcher` finds, and passes on what stands between them.
  @inline(__always)
  private func cut<Consumer: PieceConsumer>(
    _ text: Span<UInt8>, _ range: Range<Int>, by matcher: AddedTokenMatcher?, into consumer: inout Consumer,
    between: (Span<UInt8>, Range<Int>, inout Consumer) -> Void
  ) {
    var position = range.lowerBound
    if let matcher {
      while let (id, found) = matcher.next(in: text, from: position, to: range.upperBound) {
        if position < found.lowerBound { between(text, position..<found.lowerBound, &consumer) }
        consumer.token(id, at: found)
        position = found.upperBound
      }
    }
    if position < range.upperBound { between(text, position..<range.upperBound, &consumer) }
  }

  private func split(_ text: Span<UInt8>, _ range: Range<Int>, into consumer: inout some PieceConsumer) {
    guard addsPrefixSpace, text[range.lowerBound] != 0x20 else {
      split(text, range, level: 0, into: &consumer)
      return
    }
    var prefixed: [UInt8] = [0x20]
    prefixed.reserveCapacity(range.count + 1)
    for position in range { prefixed.append(text[position]) }
    consumer.movePositions(by: range.lowerBound - 1, lowest: range.lowerBound)
    split(prefixed.span, prefixed.indices, level: 0, into: &consumer)
    consumer.movePositions(by: 0, lowest: 0)
  }

  private func split(
    _ text: Span<UInt8>, _ range: Range<Int>, level: Int, into consumer: inout some PieceConsumer
  ) {
    let splitter = splitters[level]
    let isLast = level == splitters.count - 1
    let marksLines = endsLines && level == 0
    var position = range.lowerBound
    while let piece = splitter.next(in: text, from: position, to: range.upperBound) {
      if marksLines { markLineEnds(text, position..<piece.lowerBound, into: &consumer) }
      if isLast {
        consumer.piece(of: text, at: piece)
      } else {
        split(text, piece, level: level + 1, into: &consumer)
      }
      position = piece.upperBound
    }
    if marksLines { markLineEnds(text, position..<range.upperBound, into: &consumer) }
  }

  @inline(__always)
  private func markLineEnds(
    _ text: Span<UInt8>, _ range: Range<Int>, into consumer: inout some PieceConsumer
  ) {
    for position in range where text[position] == 0x0A { consumer.lineEnd(at: position..<position &+ 1) }
  }
}

/// Takes what a text falls into.
protocol PieceConsumer {
  /// A piece that the splitters left, to be looked up or merged.
  mutating func piece(of text: Span<UInt8>, at range: Range<Int>)
  /// A line feed that is a token.
  mutating func lineEnd(at range: Range<Int>)
  /// An added token.
  mutating func token(_ id: TokenID, at range: Range<Int>)
  /// What follows has this much to be added to its positions: it was copied behind a blank that the text doesn't have,
  /// and which takes no room there, so that no position comes out below the lowest.
  mutating func movePositions(by offset: Int, lowest: Int)
}

extension PieceConsumer {
  mutating func movePositions(by offset: Int, lowest: Int) {}
}
