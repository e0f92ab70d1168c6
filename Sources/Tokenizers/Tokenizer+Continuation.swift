extension Tokenizer {
  /// Where encoding may be taken up again in a text that begins like another one, whose tokens are known: the tokens that
  /// end up to there are the same, and those behind come of what stands behind.
  ///
  /// That is the last blank that is known to begin a piece: one that is followed by a character of ASCII other than white
  /// space. What stands before such a blank is split without regard to it.
  ///
  /// - Parameter sharedByteCount: how many bytes the texts have in common from the beginning on.
  /// - Returns: a position among these; 0 where there is no such blank, or an added token could reach over one.
  package func resumption(in text: Span<UInt8>, before sharedByteCount: Int) -> Int {
    let holdsBlank = rules.addedTokens.contains { $0.content.unicodeScalars.contains(where: \.properties.isWhitespace) }
    guard !holdsBlank else { return 0 }
    var position = min(sharedByteCount, text.count) - 2
    while position > 0 {
      if text[position] == 0x20, (0x21...0x7E).contains(text[position + 1]) { return position }
      position -= 1
    }
    return 0
  }
}
