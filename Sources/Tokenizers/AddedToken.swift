/// A token that is cut out of the text as it stands, before the text is split.
struct AddedToken: Equatable, Sendable {
  let id: TokenID
  let content: String
  /// Whether it is a sign to the model rather than a part of the text.
  let isSpecial: Bool
  /// Whether it is looked for behind the normaliser (where line ends have become tokens) rather than before it.
  let isNormalized: Bool
}

/// Finds added tokens in a text: the leftmost, and of those that begin there the longest.
///
/// A tree of bytes; its edges lie in one table, by node and byte.
struct AddedTokenMatcher: Sendable {
  private var edges = PairMap()
  /// The token that ends at each node; -1 where none does.
  private var tokens: [TokenID] = [-1]
  private var isFirstByte = [Bool](repeating: false, count: 256)

  /// Nil when there is nothing to find.
  init?(_ addedTokens: [AddedToken]) {
    if addedTokens.isEmpty { return nil }
    for token in addedTokens {
      var node: TokenID = 0
      for byte in token.content.utf8 {
        if node == 0 { isFirstByte[Int(byte)] = true }
        if let next = edges.value(node, TokenID(byte)) {
          node = TokenID(next)
        } else {
          edges.set(node, TokenID(byte), to: UInt64(tokens.count))
          node = TokenID(tokens.count)
          tokens.append(-1)
        }
      }
      tokens[Int(node)] = token.id
    }
  }

  /// The first added token in `text` that begins at or after `start` and ends by `end`.
  ///
  /// - Complexity: O(n) times the length of the longest added token.
  func next(in text: Span<UInt8>, from start: Int, to end: Int) -> (id: TokenID, range: Range<Int>)? {
    let isFirstByte = isFirstByte.span
    var position = start
    while position < end {
      if isFirstByte[Int(text[position])], let found = match(in: text, at: position, to: end) { return found }
      position &+= 1
    }
    return nil
  }

  private func match(in text: Span<UInt8>, at start: Int, to end: Int) -> (id: TokenID, range: Range<Int>)? {
    var longest: (id: TokenID, range: Range<Int>)?
    var node: TokenID = 0
    var position = start
    while position < end, let next = edges.value(node, TokenID(text[position])) {
      node = TokenID(next)
      position += 1
      if tokens[Int(node)] >= 0 { longest = (tokens[Int(node)], start..<position) }
    }
    return longest
  }
}
