package import JSON

extension Tokenizer {
  /// Reads a tokenizer.json file of Hugging Face's `tokenizers`, whoever wrote it.
  ///
  /// Word-level models and byte-level byte-pair models are read, with the pre-tokenisers `WhitespaceSplit`,
  /// `Whitespace`, `ByteLevel`, `Split` by the patterns that are written here, and sequences of these. Everything that
  /// would change a text's tokens and isn't done here is refused by its name. Text gives the same ids as there.
  ///
  /// - Parameter isOpen: whether teaching adds words; files don't say.
  /// - Throws: `TokenizerError`
  package init(json: JSONValue, isOpen: Bool = false) throws(TokenizerError) {
    let file = try FileObject(json, path: "")
    try file.refuseMembers(otherThan: [
      "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder",
      "model",
    ])
    try file.refuse("version", unless: "1.0")
    try file.refuse("truncation")
    try file.refuse("padding")
    let model = try ModelFile(file)
    let splitting = try SplitterFile(preTokenizer: file.members["pre_tokenizer"])
    let kind = try Self.kind(of: model, splitting)
    try Self.refuseProcessing(file, kind: kind)
    let lineEnd = try SplitterFile.lineEnd(normalizer: file.members["normalizer"])
    let endNames = lineEnd.map { [$0] } ?? SpecialTokens.endOfSequenceNames
    guard let end = endNames.lazy.compactMap({ model.vocabulary.id(of: Array($0.utf8)) }).first else {
      throw .missingEndOfSequence
    }
    if lineEnd != nil { try Self.checkLineEnds(end, model.addedTokens, splitting.splitters) }
    self.init(
      kind: kind, vocabulary: model.vocabulary,
      rules: TextRules(
        splitters: splitting.splitters, endsLines: lineEnd != nil, addsPrefixSpace: splitting.addsPrefixSpace,
        addedTokens: model.addedTokens),
      merges: model.merges, endOfSequence: end, unknown: model.unknown, isOpen: isOpen)
  }

  private static func kind(of model: ModelFile, _ splitting: SplitterFile) throws(TokenizerError) -> TokenizerKind {
    if model.merges != nil {
      guard splitting.isByteLevel else {
        throw .unsupported(path: "pre_tokenizer", found: "a byte-pair model without ByteLevel")
      }
      return .byteBPE
    }
    if splitting.isByteLevel { throw .unsupported(path: "pre_tokenizer", found: "ByteLevel with a word-level model") }
    if splitting.splitters.last == .scalars { return .character }
    let hasWords = splitting.splitters.contains(.word) || splitting.splitters.contains(.wordsAndPunctuation)
    return hasWords ? .word : .whitespace
  }

  /// Refuses a post-processor that adds tokens, and a decoder that would write another text.
  private static func refuseProcessing(_ file: FileObject, kind: TokenizerKind) throws(TokenizerError) {
    for name in ["post_processor", "decoder"] where file.value(name) != nil {
      let object = try file.object(name)
      let isFine =
        switch try object.string("type") {
        case "ByteLevel": kind == .byteBPE
        case "Fuse": kind == .character && name == "decoder"
        default: false
        }
      if !isFine { try object.refuseType() }
    }
  }

  /// Refuses line ends that the file's other rules would not leave whole, or would make something else of.
  private static func checkLineEnds(
    _ end: TokenID, _ addedTokens: [AddedToken], _ splitters: [Splitter]
  ) throws(TokenizerError) {
    guard splitters.allSatisfy(\.dropsWhiteSpace) else {
      throw .unsupported(path: "normalizer", found: "Replace before a pre_tokenizer that keeps white space")
    }
    let isCutOut = addedTokens.contains { $0.id == end && $0.isNormalized }
    guard isCutOut || splitters == [.blanks] else {
      throw .unsupported(path: "normalizer", found: "Replace by a token that is not among the normalized added_tokens")
    }
    for (index, token) in addedTokens.enumerated() {
      if token.content.unicodeScalars.contains(where: \.properties.isWhitespace) {
        throw .unsupported(path: "added_tokens[\(index)]", found: "white space beside a Replace of line ends")
      }
    }
  }

  /// The tokenizer as a tokenizer.json file, which `init(json:isOpen:)` and Hugging Face's `tokenizers` read: text gives
  /// the same ids with both.
  package func json() -> JSONValue {
    let lineEnd = rules.endsLines ? name(of: endOfSequence) : nil
    let decoder: JSONValue =
      switch kind {
      case .byteBPE: ["type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true]
      case .character: ["type": "Fuse"]
      case .word, .whitespace: .null
      }
    return [
      "version": "1.0",
      "truncation": .null,
      "padding": .null,
      "added_tokens": .array(rules.addedTokens.map(Self.json)),
      "normalizer": lineEnd.map(SplitterFile.normalizer) ?? .null,
      "pre_tokenizer": SplitterFile.preTokenizer(rules, isByteLevel: kind == .byteBPE),
      "post_processor": .null,
      "decoder": decoder,
      "model": model(),
    ]
  }

  private static func json(_ token: AddedToken) -> JSONValue {
    [
      "id": JSONValue(token.id), "content": .string(token.content), "single_word": false, "lstrip": false,
      "rstrip": false, "normalized": .bool(token.isNormalized), "special": .bool(token.isSpecial),
    ]
  }

  private func model() -> JSONValue {
    var members = JSONObject()
    for id in 0..<TokenID(vocabularySize) { members.append(uniqueName: name(of: id), JSONValue(id)) }
    let unknownName: JSONValue = unknown.map { .string(name(of: $0)) } ?? .null
    guard let merges else {
      return ["type": "WordLevel", "vocab": .object(members), "unk_token": unknownName]
    }
    let pairs = merges.merges.map { merge -> JSONValue in
      [.string(name(of: merge.left)), .string(name(of: merge.right))]
    }
    return [
      "type": "BPE", "dropout": .null, "unk_token": unknownName, "continuing_subword_prefix": .null,
      "end_of_word_suffix": .null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
      "vocab": .object(members), "merges": .array(pairs),
    ]
  }

  /// A token's name in the file: its text, or for the tokens of a byte-level model its bytes spelled out.
  private func name(of id: TokenID) -> String {
    if let content = rules.addedContent(id) { return content }
    let bytes = bytes(of: id)
    return kind == .byteBPE ? ByteAlphabet.spell(bytes) : String(decoding: bytes, as: UTF8.self)
  }
}
