/// How a text ends, for one who wants to know how it goes on.
package struct TrailingWord: Equatable, Sendable {
  /// What is certain: the text up to the word that may still be going on.
  package let context: Range<Int>
  /// The word's beginning; empty at the text's end when the text doesn't end within a word.
  package let prefix: Range<Int>

  /// What the continuation of `context` must begin with: the prefix, and before it, where tokens are byte pairs, the
  /// blank that belongs to its first token.
  package var continuation: Range<Int> { context.upperBound..<prefix.upperBound }
}

extension Tokenizer {
  /// Splits off the beginning of a word that the text ends in.
  ///
  /// A word ends at white space, and for all kinds but `whitespace` at punctuation; a `'`, `’` or `-` within a word is
  /// part of it, unless an imported tokenizer splits there. Where tokens are byte pairs, a blank belongs to what follows it: it is then not part of the context,
  /// also when nothing follows it yet.
  package func splitTrailingWord(_ text: Span<UInt8>) -> TrailingWord {
    let start = startOfTrailingWord(text)
    var contextEnd = start
    if kind == .byteBPE, start > 0, text[start - 1] == 0x20 { contextEnd -= 1 }
    return TrailingWord(context: 0..<contextEnd, prefix: start..<text.count)
  }

  package func splitTrailingWord(_ text: String) -> TrailingWord {
    splitTrailingWord(text.utf8.span)
  }

  /// The tokens that begin with these bytes, special ones left out, ascending.
  ///
  /// - Complexity: O(log n + found), except where words were learned lately; the first call sorts the vocabulary.
  package func ids(withPrefix prefix: [UInt8]) -> [TokenID] {
    let found = vocabulary.ids(withPrefix: prefix)
    let hasSpecials = specials.contains { vocabulary.bytes(of: $0)?.starts(with: prefix) == true }
    return hasSpecials ? found.filter { !isSpecial($0) } : found
  }

  /// Whether tokens other than `known` and special ones begin with these bytes.
  package func hasOthers(than known: TokenID, withPrefix prefix: [UInt8]) -> Bool {
    vocabulary.contains(withPrefix: prefix) { $0 != known && !isSpecial($0) }
  }

  /// Where the word begins that `text` ends in; the text's end when it ends in none.
  ///
  /// The last stretch without white space is split from its beginning, as encoding does.
  private func startOfTrailingWord(_ text: Span<UInt8>) -> Int {
    var position = text.count
    while position > 0 {
      let start = Self.startOfScalar(text, before: position)
      if UTF8Scalar(text, at: start, end: position).scalarClass.contains(.whiteSpace) { break }
      position = start
    }
    if kind == .whitespace { return position }
    let splitter: Splitter = rules.splitters.contains(.wordsAndPunctuation) ? .wordsAndPunctuation : .word
    var last = text.count..<text.count
    while let piece = splitter.next(in: text, from: position, to: text.count) {
      last = piece
      position = piece.upperBound
    }
    if last.isEmpty { return text.count }
    let first = UTF8Scalar(text, at: last.lowerBound, end: last.upperBound).scalarClass
    return first.contains(splitter == .word ? .word : .identifier) ? last.lowerBound : text.count
  }

  /// Where the scalar (or stray byte) begins that ends at `position`.
  private static func startOfScalar(_ text: Span<UInt8>, before position: Int) -> Int {
    var start = position - 1
    while start > 0, position - start < 4, text[start] & 0xC0 == 0x80 { start -= 1 }
    let scalar = UTF8Scalar(text, at: start, end: position)
    return scalar.value != nil && scalar.length == position - start ? start : position - 1
  }
}
