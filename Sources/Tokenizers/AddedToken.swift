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
struct AddedTokenMatcher: Sendable {
  private var contents = VocabularySegment()
  private var ids: [TokenID] = []
  /// The lengths that occur, longest first.
  private var lengths: [Int] = []
  private var isFirstByte = [Bool](repeating: false, count: 256)
  private let secret = ByteHash.secret

  /// Nil when there is nothing to find.
  init?(_ tokens: [AddedToken]) {
    if tokens.isEmpty { return nil }
    for token in tokens {
      let bytes = Array(token.content.utf8)
      guard let first = bytes.first else { continue }
      let key = VocabularySegment.Key(bytes.span, bytes.indices, secret: secret)
      contents.append(bytes.span, bytes.indices, key, secret: secret)
      ids.append(token.id)
      isFirstByte[Int(first)] = true
    }
    lengths = Set((0..<contents.count).map { contents.range(of: $0).count }).sorted(by: >)
  }

  /// The first added token in `text` that begins at or after `start` and ends by `end`.
  func next(in text: Span<UInt8>, from start: Int, to end: Int) -> (id: TokenID, range: Range<Int>)? {
    let isFirstByte = isFirstByte.span
    var position = start
    while position < end {
      if isFirstByte[Int(text[position])], let found = match(in: text, at: position, to: end) { return found }
      position &+= 1
    }
    return nil
  }

  private func match(in text: Span<UInt8>, at position: Int, to end: Int) -> (id: TokenID, range: Range<Int>)? {
    for length in lengths where length <= end - position {
      let range = position..<position + length
      let key = VocabularySegment.Key(text, range, secret: secret)
      if let entry = contents.find(text, range, key) { return (ids[entry], range) }
    }
    return nil
  }
}
