internal import JSON

/// How text is taken apart, as tokenizer.json says it in `normalizer` and `pre_tokenizer`.
struct SplitterFile {
  /// At least one.
  var splitters: [Splitter] = []
  var isByteLevel = false
  var addsPrefixSpace = false

  /// Reads a pre-tokeniser, or a sequence of them.
  ///
  /// - Throws: `TokenizerError.unsupported` with its name for one that is not known here.
  init(preTokenizer value: JSONValue?) throws(TokenizerError) {
    if let value, !value.isNull { try read(FileObject(value, path: "pre_tokenizer")) }
    if addsPrefixSpace, splitters.count > 1 {
      throw .unsupported(path: "pre_tokenizer", found: "add_prefix_space within a sequence")
    }
    if splitters.isEmpty { splitters = [.whole] }
  }

  private mutating func read(_ object: FileObject) throws(TokenizerError) {
    if isByteLevel { throw .unsupported(path: object.path, found: "a step behind ByteLevel") }
    switch try object.string("type") {
    case "WhitespaceSplit":
      try object.refuseMembers(otherThan: ["type"])
      splitters.append(.blanks)
    case "Whitespace":
      try object.refuseMembers(otherThan: ["type"])
      splitters.append(.wordsAndPunctuation)
    case "Split": splitters.append(try Self.split(object))
    case "ByteLevel":
      try object.refuseMembers(otherThan: ["type", "add_prefix_space", "trim_offsets", "use_regex"])
      if try object.bool("use_regex", default: true) { splitters.append(.gpt2) }
      addsPrefixSpace = try object.bool("add_prefix_space", default: true)
      isByteLevel = true
    case "Sequence":
      try object.refuseMembers(otherThan: ["type", "pretokenizers"])
      for (index, step) in try object.array("pretokenizers").enumerated() {
        try read(FileObject(step, path: object.path("pretokenizers[\(index)]")))
      }
    default: try object.refuseType()
    }
  }

  private static func split(_ object: FileObject) throws(TokenizerError) -> Splitter {
    try object.refuseMembers(otherThan: ["type", "pattern", "behavior", "invert"])
    let pattern = try object.object("pattern").string("Regex")
    let keeps = (try object.string("behavior"), try object.bool("invert", default: false))
    if pattern.hasSameBytes(as: Splitter.wordPattern), keeps == ("Removed", true) { return .word }
    // Both patterns leave nothing between their matches, so that there is nothing to remove.
    if keeps == ("Removed", true) || keeps == ("Isolated", false) {
      if pattern.hasSameBytes(as: Splitter.scalarPattern) { return .scalars }
      if pattern.hasSameBytes(as: Splitter.gpt2Pattern) { return .gpt2 }
    }
    throw .unsupported(path: object.path, found: "this pattern with this behavior")
  }

  /// The name of the token that a normaliser puts in a line end's place; nil when there is no normaliser.
  ///
  /// - Throws: `TokenizerError.unsupported` with its name for a normaliser that is not known here.
  static func lineEnd(normalizer value: JSONValue?, path: String = "normalizer") throws(TokenizerError) -> String? {
    guard let value, !value.isNull else { return nil }
    let object = try FileObject(value, path: path)
    switch try object.string("type") {
    case "Sequence":
      try object.refuseMembers(otherThan: ["type", "normalizers"])
      let steps = try object.array("normalizers")
      if steps.count > 1 { throw .unsupported(path: path, found: "a sequence of more than one normalizer") }
      return try lineEnd(normalizer: steps.first, path: object.path("normalizers[0]"))
    case "Replace":
      try object.refuseMembers(otherThan: ["type", "pattern", "content"])
      let content = try object.string("content")
      let name = content.hasPrefix(" ") && content.hasSuffix(" ") ? String(content.dropFirst().dropLast()) : ""
      guard try object.object("pattern").members["String"] == "\n", SpecialTokens.endOfSequenceNames.contains(name)
      else { throw .unsupported(path: path, found: "a Replace other than of a line feed by \" <eos> \"") }
      return name
    default: try object.refuseType()
    }
  }

  /// The normaliser that puts a token in a line end's place.
  static func normalizer(lineEnd name: String) -> JSONValue {
    ["type": "Replace", "pattern": ["String": "\n"], "content": .string(" \(name) ")]
  }

  /// The pre-tokeniser of these rules.
  static func preTokenizer(_ rules: TextRules, isByteLevel: Bool) -> JSONValue {
    var steps: [JSONValue] = []
    let last = rules.splitters.count - 1
    for (index, splitter) in rules.splitters.enumerated() where !(isByteLevel && index == last && splitter == .gpt2) {
      if splitter != .whole { steps.append(json(splitter)) }
    }
    if isByteLevel {
      steps.append([
        "type": "ByteLevel", "add_prefix_space": .bool(rules.addsPrefixSpace), "trim_offsets": true,
        "use_regex": .bool(rules.splitters[last] == .gpt2),
      ])
    }
    if steps.isEmpty { return .null }
    return steps.count == 1 ? steps[0] : ["type": "Sequence", "pretokenizers": .array(steps)]
  }

  private static func json(_ splitter: Splitter) -> JSONValue {
    func split(_ pattern: String, _ behavior: String, invert: Bool) -> JSONValue {
      [
        "type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": .string(behavior), "invert": .bool(invert),
      ]
    }
    return switch splitter {
    case .word: split(Splitter.wordPattern, "Removed", invert: true)
    case .blanks: ["type": "WhitespaceSplit"]
    case .wordsAndPunctuation: ["type": "Whitespace"]
    case .scalars: split(Splitter.scalarPattern, "Isolated", invert: false)
    case .gpt2: split(Splitter.gpt2Pattern, "Isolated", invert: false)
    case .whole: .null
    }
  }
}
