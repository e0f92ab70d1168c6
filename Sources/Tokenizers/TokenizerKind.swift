/// A token's number: its row in the embedding and in the output layer.
package typealias TokenID = Int32

/// What a tokenizer takes as one token.
package enum TokenizerKind: String, CaseIterable, Sendable {
  /// Words and single punctuation marks, with case; line ends are `<eos>`.
  case word
  /// What stands between blanks; line ends are `<eos>`. For text that comes pre-tokenised.
  case whitespace
  /// Byte pairs merged by frequency, after GPT-2: no byte string is unknown.
  case byteBPE = "byte-bpe"
  /// One Unicode scalar.
  case character

  /// Whether text that was never seen can join the vocabulary.
  package var canGrow: Bool { self != .byteBPE }

  /// Whether one token is a whole word (or punctuation mark), so that a word never needs a search.
  package var isWordLike: Bool { self == .word || self == .whitespace }
}
