/// Text to token numbers and back.
///
/// A value: copies share their storage, so that a snapshot of a tokenizer that goes on learning costs nothing. All
/// comparisons are by UTF-8 bytes: "é" in one code point and in two are two words, as for Hugging Face's tokenizers.
///
/// How special tokens and text meet:
/// - `word` and `whitespace` write a line's end as `<eos>`; a text that spells `<eos>` or `<unk>` means these tokens,
///   as pre-tokenised corpora do, wherever it does.
/// - `byte-bpe` and `character` keep a line feed as it is, and no text ever makes their `<eos>` (or `<unk>`): spelled
///   out, it is letters like others.
package struct Tokenizer: Sendable {
  package let kind: TokenizerKind
  /// Ends a sequence, and begins one.
  package let endOfSequence: TokenID
  /// Stands for what the vocabulary doesn't have; nil where nothing can be unknown.
  package let unknown: TokenID?
  /// Whether `learn` adds words. Always false where a vocabulary can't grow.
  package var isOpen: Bool {
    didSet { isOpen = isOpen && kind.canGrow }
  }
  /// How many tokens the vocabulary may have; what would be one more stays unknown.
  package var vocabularyLimit = Tokenizer.defaultVocabularyLimit

  var vocabulary: Vocabulary
  let rules: TextRules
  /// How bytes become tokens; nil where pieces are looked up as they are.
  let merges: MergeTable?
  /// Tokens that are signs to the model, `endOfSequence` and `unknown` among them.
  let specials: Set<TokenID>

  /// How far a vocabulary grows unless said otherwise.
  package static let defaultVocabularyLimit = 1 << 20
  /// More tokens than this no vocabulary may have.
  package static let largestVocabulary = 1 << 24
  /// A longer piece of text never joins a vocabulary: it is `<unk>`.
  package static let tokenByteLimit = 256

  init(
    kind: TokenizerKind, vocabulary: Vocabulary, rules: TextRules, merges: MergeTable? = nil,
    endOfSequence: TokenID, unknown: TokenID?, isOpen: Bool
  ) {
    self.kind = kind
    self.vocabulary = vocabulary
    self.rules = rules
    self.merges = merges
    self.endOfSequence = endOfSequence
    self.unknown = unknown
    self.isOpen = isOpen && kind.canGrow
    specials = Set(rules.addedTokens.lazy.filter(\.isSpecial).map(\.id)).union([
      endOfSequence, unknown ?? endOfSequence,
    ])
  }

  package var vocabularySize: Int { vocabulary.count }

  // MARK: Text to tokens

  /// The tokens of a text. Bytes that are not well-formed UTF-8 are unknown, or themselves where tokens are bytes.
  package func encode(_ text: Span<UInt8>) -> Encoding {
    encode(text, keepsRanges: true).encoding
  }

  package func encode(_ text: String) -> Encoding {
    encode(text.utf8.span)
  }

  /// The tokens of a text without their places: the cheaper way for a corpus.
  package func ids(_ text: Span<UInt8>) -> [TokenID] {
    encode(text, keepsRanges: false).ids
  }

  private func encode(_ text: Span<UInt8>, keepsRanges: Bool) -> TokenSink {
    let sink = sink(for: text, keepsRanges: keepsRanges)
    if let merges {
      var encoder = PairEncoder(table: merges, unknown: unknown, sink: sink)
      rules.walk(text, into: &encoder)
      return encoder.sink
    }
    var encoder = WordEncoder(
      vocabulary: vocabulary, unknown: unknown ?? endOfSequence, endOfSequence: endOfSequence, sink: sink)
    rules.walk(text, into: &encoder)
    return encoder.sink
  }

  /// A sink with room for as many tokens as a text of this length usually has.
  private func sink(for text: Span<UInt8>, keepsRanges: Bool) -> TokenSink {
    let bytesPerToken =
      switch kind {
      case .word, .whitespace: 4
      case .byteBPE: 3
      case .character: 1
      }
    return TokenSink(expectedCount: min(text.count / bytesPerToken + 8, 1 << 24), keepsRanges: keepsRanges)
  }

  /// The tokens of a text, where what is unknown joins an open vocabulary: each new word takes the next number.
  ///
  /// What is longer than `tokenByteLimit` bytes, is not well-formed UTF-8, or comes when the vocabulary has reached its
  /// limit, stays unknown.
  package mutating func learn(_ text: Span<UInt8>) -> Encoding {
    guard isOpen, merges == nil else { return encode(text) }
    var learner = WordLearner(
      vocabulary: vocabulary, unknown: unknown ?? endOfSequence, endOfSequence: endOfSequence,
      vocabularyLimit: min(vocabularyLimit, Self.largestVocabulary), sink: sink(for: text, keepsRanges: true))
    // Given up here, so that the learner's is the only copy unless a snapshot has another.
    vocabulary = Vocabulary()
    rules.walk(text, into: &learner)
    vocabulary = learner.vocabulary
    return learner.sink.encoding
  }

  package mutating func learn(_ text: String) -> Encoding {
    learn(text.utf8.span)
  }

  /// Whether a piece of text may join a vocabulary.
  static func canJoin(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    range.count <= tokenByteLimit && UTF8Scalar.areWellFormed(text, range)
  }

  // MARK: Single tokens

  /// The token that is exactly these bytes.
  package func id(of bytes: [UInt8]) -> TokenID? {
    vocabulary.id(of: bytes)
  }

  /// A token's bytes, `<eos>` and `<unk>` by their names; nothing for a number that no token has.
  package func bytes(of id: TokenID) -> [UInt8] {
    vocabulary.bytes(of: id).map(Array.init) ?? []
  }

  /// Whether a token is a sign to the model rather than text.
  package func isSpecial(_ id: TokenID) -> Bool {
    id == endOfSequence || id == unknown || specials.count > 2 && specials.contains(id)
  }

  /// How many tokens are signs to the model.
  package var specialCount: Int { specials.count }
}
