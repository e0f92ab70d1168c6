/// Makes a tokenizer from text, taken in parts: of files of any size, only what differs is kept.
package struct TokenizerBuilder {
  private let kind: TokenizerKind
  private let rules: TextRules
  private var counter = PieceCounter()

  package init(kind: TokenizerKind) {
    self.kind = kind
    rules = Tokenizer.ownRules(for: kind)
  }

  /// Counts what a text consists of. Pieces don't reach from one text into the next.
  package mutating func add(_ text: Span<UInt8>) {
    rules.walk(text, into: &counter)
  }

  package mutating func add(_ text: String) {
    add(text.utf8.span)
  }

  /// The tokenizer of all that was added.
  ///
  /// Tokens are numbered `<unk>`, `<eos>`, then by falling frequency, equally frequent ones in the order in which they
  /// came. Those of `byte-bpe` are `<eos>`, the 256 bytes, then the merged ones in the order in which they were made.
  ///
  /// - Parameters:
  ///   - vocabularySize: how many tokens there may be, special ones included; without it, all that occur, and for
  ///     `byte-bpe` up to 8,192.
  ///   - isOpen: whether teaching adds words; without it, for `word` it does.
  ///   - minimumPairCount: how often a pair must occur to become a token of `byte-bpe`.
  /// - Throws: `TokenizerError.vocabularySize` for one that doesn't hold the special tokens, or is beyond all limits.
  package consuming func finish(
    vocabularySize: Int? = nil, isOpen: Bool? = nil, minimumPairCount: Int = 2
  ) throws(TokenizerError) -> Tokenizer {
    let minimum = kind == .byteBPE ? 257 : 2
    let limit = vocabularySize ?? (kind == .byteBPE ? 8192 : Tokenizer.defaultVocabularyLimit)
    guard (minimum...Tokenizer.largestVocabulary).contains(limit) else {
      throw .vocabularySize(found: limit, minimum: minimum, maximum: Tokenizer.largestVocabulary)
    }
    if kind == .byteBPE { return trainPairs(limit: limit, minimumPairCount: minimumPairCount) }
    return collectWords(limit: limit, isOpen: isOpen ?? (kind == .word))
  }

  private consuming func collectWords(limit: Int, isOpen: Bool) -> Tokenizer {
    var vocabulary = Vocabulary()
    vocabulary.insert(Array(SpecialTokens.unknown.utf8))
    vocabulary.insert(Array(SpecialTokens.endOfSequence.utf8))
    let counts = counter.counts
    let byFrequency = counts.indices.sorted { (counts[$1], $0) < (counts[$0], $1) }
    for piece in byFrequency where vocabulary.count < limit {
      guard let bytes = counter.pieces.bytes(of: TokenID(piece)), Tokenizer.canJoin(bytes.span, 0..<bytes.count)
      else { continue }
      vocabulary.insert(bytes.span, 0..<bytes.count)
    }
    vocabulary.consolidate()
    return Tokenizer(
      kind: kind, vocabulary: vocabulary, rules: rules, endOfSequence: 1, unknown: 0, isOpen: isOpen)
  }

  private consuming func trainPairs(limit: Int, minimumPairCount: Int) -> Tokenizer {
    var vocabulary = Vocabulary()
    vocabulary.insert(Array(SpecialTokens.endOfSequence.utf8))
    var byteTokens = [TokenID](repeating: -1, count: 256)
    for byte in ByteAlphabet.bytesInOrder { byteTokens[Int(byte)] = vocabulary.insert([byte]) }
    let trainer = PairTrainer(pieces: counter.pieces, counts: counter.counts, byteTokens: byteTokens)
    let merges = trainer.train(&vocabulary, limit: limit, minimumCount: minimumPairCount)
    vocabulary.consolidate()
    return Tokenizer(
      kind: kind, vocabulary: vocabulary, rules: rules, merges: MergeTable(merges: merges, byteTokens: byteTokens),
      endOfSequence: 0, unknown: nil, isOpen: false)
  }
}

extension Tokenizer {
  /// A tokenizer of this kind that knows the texts' words, characters or byte pairs.
  ///
  /// - Throws: what `TokenizerBuilder.finish` throws.
  package static func build(
    kind: TokenizerKind, texts: [[UInt8]] = [], vocabularySize: Int? = nil, isOpen: Bool? = nil
  ) throws(TokenizerError) -> Tokenizer {
    var builder = TokenizerBuilder(kind: kind)
    for text in texts { builder.add(text.span) }
    return try builder.finish(vocabularySize: vocabularySize, isOpen: isOpen)
  }

  /// How the tokenizers that are made here take text apart.
  static func ownRules(for kind: TokenizerKind) -> TextRules {
    let specials = [
      AddedToken(id: 0, content: SpecialTokens.unknown, isSpecial: true, isNormalized: true),
      AddedToken(id: 1, content: SpecialTokens.endOfSequence, isSpecial: true, isNormalized: true),
    ]
    return switch kind {
    case .word: TextRules(splitters: [.word], endsLines: true, addedTokens: specials)
    case .whitespace: TextRules(splitters: [.blanks], endsLines: true, addedTokens: specials)
    case .byteBPE: TextRules(splitters: [.gpt2], endsLines: false)
    case .character: TextRules(splitters: [.scalars], endsLines: false)
    }
  }
}
