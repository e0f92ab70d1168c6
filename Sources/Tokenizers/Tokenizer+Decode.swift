extension Tokenizer {
  /// The text that tokens stand for.
  ///
  /// - `byte-bpe`: the tokens' bytes, end to end: what was encoded comes back, byte for byte.
  /// - `character`: the scalars, end to end.
  /// - `whitespace`: words joined by blanks.
  /// - `word`: words joined by blanks, with punctuation set as English text has it (`Typesetter`); the text's own
  ///   spacing is not in the tokens and can't come back.
  ///
  /// Where line ends are tokens, `<eos>` is a line feed. Other special tokens are written by their names; numbers that
  /// no token has are left out.
  package func decode(_ ids: some Sequence<TokenID>) -> [UInt8] {
    var text: [UInt8] = []
    var typesetter = Typesetter()
    for id in ids {
      guard let bytes = vocabulary.bytes(of: id) else { continue }
      if id == endOfSequence, rules.endsLines {
        text.append(0x0A)
        typesetter = Typesetter()
        continue
      }
      switch kind {
      case .byteBPE, .character: break
      case .whitespace:
        if let last = text.last, last != 0x0A { text.append(0x20) }
      case .word:
        if typesetter.wantsBlank(before: bytes) { text.append(0x20) }
      }
      text.append(contentsOf: bytes)
    }
    return text
  }
}
