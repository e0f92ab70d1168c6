extension Tokenizer {
  /// Makes the tokens of one text into those of another that begins alike: only what comes after is encoded.
  ///
  /// A text that grows is taken up again before the last blank that is known to begin a piece: one that is followed by
  /// a character of ASCII other than white space. What stands before such a blank is split without regard to it.
  ///
  /// - Parameters:
  ///   - known: the tokens of a text, as `encode` gave them; on return those of `text`.
  ///   - sharedByteCount: how many bytes `text` has in common with that text from the beginning on.
  /// - Complexity: O(bytes encoded anew); as `encode` where an added token could reach over a blank.
  package func update(_ known: inout Encoding, toThatOf text: Span<UInt8>, sharedByteCount: Int) {
    guard let cut = resumption(in: text, before: sharedByteCount) else {
      known = encode(text)
      return
    }
    let kept = known.countOfTokens(endingBy: cut)
    known.ids.removeSubrange(kept...)
    known.ranges.removeSubrange(kept...)
    let rest = encode(text.extracting(cut...))
    known.ids.append(contentsOf: rest.ids)
    known.ranges.append(contentsOf: rest.ranges.lazy.map { $0.lowerBound + cut..<$0.upperBound + cut })
  }

  /// The last position at which a piece begins whatever follows the shared bytes.
  private func resumption(in text: Span<UInt8>, before sharedByteCount: Int) -> Int? {
    let holdsBlank = rules.addedTokens.contains { $0.content.unicodeScalars.contains(where: \.properties.isWhitespace) }
    guard !holdsBlank else { return nil }
    var position = min(sharedByteCount, text.count) - 2
    while position > 0 {
      if text[position] == 0x20, (0x21...0x7E).contains(text[position + 1]) { return position }
      position -= 1
    }
    return nil
  }
}

extension Encoding {
  /// How many tokens end at or before a position of the text.
  fileprivate func countOfTokens(endingBy position: Int) -> Int {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound <= position { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
