internal import JSON

/// The tokens of a tokenizer.json file: its `model` and `added_tokens`.
struct ModelFile {
  /// All tokens, in the order of their numbers.
  private(set) var vocabulary = Vocabulary()
  private(set) var addedTokens: [AddedToken] = []
  /// Nil for word-level models.
  private(set) var merges: MergeTable?
  private(set) var unknown: TokenID?

  private let model: FileObject
  private let isBPE: Bool
  /// The tokens' names as the file writes them; only of byte-level models do they differ from the tokens' bytes.
  private var names = Vocabulary()
  /// How many tokens the model itself has.
  private let modelCount: Int

  /// - Throws: `TokenizerError`, also for what is well-formed but can't be honoured here.
  init(_ file: FileObject) throws(TokenizerError) {
    model = try file.object("model")
    isBPE = try Self.isBPE(model)
    let modelNames = try Self.names(model)
    modelCount = modelNames.count
    for name in modelNames { names.insert(Array(name.utf8)) }
    try readAddedTokens(file)
    try fillVocabulary(modelNames)
    if isBPE {
      try readMerges()
    } else {
      unknown = names.id(of: Array(try model.string("unk_token").utf8))
      if unknown == nil { throw .missingUnknownToken }
    }
  }

  private static func isBPE(_ model: FileObject) throws(TokenizerError) -> Bool {
    // Files of early versions don't name the type.
    let type = try model.value("type") == nil && model.value("merges") != nil ? "BPE" : model.string("type")
    switch type {
    case "WordLevel": try model.refuseMembers(otherThan: ["type", "vocab", "unk_token"])
    case "BPE":
      try model.refuseMembers(otherThan: [
        "type", "vocab", "merges", "unk_token", "dropout", "continuing_subword_prefix", "end_of_word_suffix",
        "fuse_unk", "byte_fallback", "ignore_merges",
      ])
      try model.refuse("dropout", unless: 0, 0.0)
      for name in ["continuing_subword_prefix", "end_of_word_suffix"] { try model.refuse(name, unless: "") }
      for name in ["fuse_unk", "byte_fallback", "ignore_merges"] { try model.refuse(name, unless: false) }
    default: try model.refuseType()
    }
    return type == "BPE"
  }

  /// The names of the model's tokens by their numbers, which must run from 0 without a hole.
  private static func names(_ model: FileObject) throws(TokenizerError) -> [String] {
    let members = try model.object("vocab").members.members
    if members.count > Tokenizer.largestVocabulary { throw .tooManyTokens(limit: Tokenizer.largestVocabulary) }
    var names = [String?](repeating: nil, count: members.count)
    for member in members {
      guard let id = member.value.int else { throw .malformed(path: "model.vocab", expected: "whole numbers") }
      guard id >= 0, id < Tokenizer.largestVocabulary else {
        throw .idOutOfRange(id, limit: Tokenizer.largestVocabulary)
      }
      // A number beyond the count leaves a hole, which is found below.
      if id >= names.count { continue }
      if names[id] != nil { throw .duplicateID(id) }
      names[id] = member.name
    }
    var complete: [String] = []
    complete.reserveCapacity(names.count)
    for name in names {
      guard let name else { throw .missingID(complete.count) }
      complete.append(name)
    }
    return complete
  }

  /// The added tokens: those that the model has under its number, others under the numbers that follow the model's.
  private mutating func readAddedTokens(_ file: FileObject) throws(TokenizerError) {
    guard file.value("added_tokens") != nil else { return }
    var seen: Set<TokenID> = []
    for (index, value) in try file.array("added_tokens").enumerated() {
      let object = try FileObject(value, path: "added_tokens[\(index)]")
      try object.refuseMembers(otherThan: [
        "id", "content", "single_word", "lstrip", "rstrip", "normalized", "special",
      ])
      for option in ["single_word", "lstrip", "rstrip"] { try object.refuse(option, unless: false) }
      let content = try object.string("content")
      if content.isEmpty { throw .malformed(path: object.path("content"), expected: "a string that is not empty") }
      if content.utf8.count > Tokenizer.tokenByteLimit {
        throw .unsupported(path: object.path("content"), found: "more than \(Tokenizer.tokenByteLimit) bytes")
      }
      guard let id = object.members["id"]?.int else {
        throw .malformed(path: object.path("id"), expected: "a whole number")
      }
      guard id >= 0, id < Tokenizer.largestVocabulary else {
        throw .idOutOfRange(id, limit: Tokenizer.largestVocabulary)
      }
      let knownID = Int(names.insert(Array(content.utf8)))
      if knownID != id { throw .addedTokenConflict(id: id, vocabularyID: knownID) }
      if !seen.insert(TokenID(id)).inserted { throw .duplicateID(id) }
      let isSpecial = try object.bool("special", default: false)
      let isNormalized = try object.bool("normalized", default: !isSpecial)
      addedTokens.append(
        AddedToken(id: TokenID(id), content: content, isSpecial: isSpecial, isNormalized: isNormalized))
    }
  }

  /// Numbers the tokens' bytes: what its name spells for a token of a byte-level model, its name for any other.
  private mutating func fillVocabulary(_ modelNames: [String]) throws(TokenizerError) {
    let added = Set(addedTokens.map(\.id))
    for (id, name) in modelNames.enumerated() {
      let spelled = isBPE ? ByteAlphabet.read(name) : nil
      if isBPE, spelled == nil, !added.contains(TokenID(id)) { throw .outsideByteAlphabet(id: id) }
      let bytes = spelled ?? Array(name.utf8)
      vocabulary.append(bytes.span, bytes.indices)
    }
    for token in addedTokens where token.id >= modelCount {
      let bytes = Array(token.content.utf8)
      vocabulary.append(bytes.span, bytes.indices)
    }
    vocabulary.consolidate()
  }

  private mutating func readMerges() throws(TokenizerError) {
    var merges: [Merge] = []
    for (index, value) in try model.array("merges").enumerated() {
      guard let (left, right) = Self.pair(value) else {
        throw .malformed(path: "model.merges[\(index)]", expected: "two tokens")
      }
      guard let leftID = names.id(of: left), let rightID = names.id(of: right),
        let result = names.id(of: left + right)
      else { throw .unknownTokenInMerge(index: index) }
      merges.append(Merge(left: leftID, right: rightID, result: result))
    }
    let byteTokens = ByteAlphabet.scalars.map { names.id(of: Array(String($0).utf8)) ?? -1 }
    self.merges = MergeTable(merges: merges, byteTokens: byteTokens)
    guard let name = try model.optionalString("unk_token") else { return }
    unknown = names.id(of: Array(name.utf8))
    if unknown == nil, byteTokens.contains(-1) { throw .missingUnknownToken }
  }

  /// The names of a merge's two tokens, which are written as `["h", "e"]` or as `"h e"`.
  private static func pair(_ value: JSONValue) -> (left: [UInt8], right: [UInt8])? {
    let names: [String]
    if let string = value.string {
      names = string.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    } else {
      guard let strings = value.array?.map(\.string), !strings.contains(nil) else { return nil }
      names = strings.compactMap { $0 }
    }
    guard names.count == 2, !names.contains("") else { return nil }
    return (Array(names[0].utf8), Array(names[1].utf8))
  }
}
