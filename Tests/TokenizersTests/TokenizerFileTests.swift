import JSON
import Testing

@testable import Tokenizers

@Suite("Reading tokenizer.json")
struct TokenizerFileTests {
  static let wordLevel: JSONValue = [
    "version": "1.0", "truncation": .null, "padding": .null, "added_tokens": [], "normalizer": .null,
    "pre_tokenizer": ["type": "WhitespaceSplit"], "post_processor": .null, "decoder": .null,
    "model": ["type": "WordLevel", "vocab": ["<unk>": 0, "<eos>": 1, "the": 2], "unk_token": "<unk>"],
  ]
  static let byteLevel: JSONValue = [
    "version": "1.0", "added_tokens": [],
    "pre_tokenizer": ["type": "ByteLevel", "add_prefix_space": false, "use_regex": true, "trim_offsets": true],
    "decoder": ["type": "ByteLevel"],
    "model": [
      "type": "BPE", "unk_token": "<unk>",
      "vocab": ["</s>": 0, "h": 1, "e": 2, "he": 3, "Ġ": 4, "Ġhe": 5, "<unk>": 6],
      "merges": [["h", "e"], ["Ġ", "he"]],
    ],
  ]

  /// A copy of a file with the value at a path of member names replaced; nil removes it.
  static func edit(_ file: JSONValue, _ path: String, _ value: JSONValue?) -> JSONValue {
    guard var object = file.object else { return file }
    let names = path.split(separator: ".", maxSplits: 1).map(String.init)
    object[names[0]] = names.count == 1 ? value : edit(object[names[0]] ?? [:], names[1], value)
    return .object(object)
  }

  static func added(_ changes: (String, JSONValue)...) -> JSONValue {
    var token: JSONObject = ["id": 3, "content": "<x>", "special": true]
    for (name, value) in changes { token[name] = value }
    return [.object(token)]
  }

  @Test("both ways of writing merges mean the same")
  func mergeFormats() throws {
    let pairs = try Tokenizer(json: Self.byteLevel)
    let strings = try Tokenizer(json: Self.edit(Self.byteLevel, "model.merges", ["h e", "Ġ he"]))
    #expect(pairs.encode("he he").ids == [3, 5])
    #expect(strings.encode("he he").ids == [3, 5])
    #expect(pairs.json() == strings.json())
  }

  @Test("a file of an early version, which does not name its type, is read")
  func untypedModel() throws {
    var file = Self.edit(Self.byteLevel, "model.type", nil)
    for name in ["continuing_subword_prefix", "end_of_word_suffix"] { file = Self.edit(file, "model.\(name)", "") }
    #expect(try Tokenizer(json: file).encode("he").ids == [3])
  }

  @Test("a word-level file without our normaliser takes a line end for white space")
  func lineEnds() throws {
    let tokenizer = try Tokenizer(json: Self.wordLevel)
    #expect(tokenizer.encode("the\nthe").ids == [2, 2])
    #expect(tokenizer.kind == .whitespace && !tokenizer.isOpen)
    #expect(tokenizer.decode([2, 1, 2]) == Array("the <eos> the".utf8))
    let replace: JSONValue = ["type": "Replace", "pattern": ["String": "\n"], "content": " <eos> "]
    let marking = try Tokenizer(json: Self.edit(Self.wordLevel, "normalizer", replace))
    #expect(marking.encode("the\nthe").ids == [2, 1, 2])
    #expect(marking.decode([2, 1, 2]) == Array("the\nthe".utf8))
  }

  @Test("the end of a sequence goes by several names, ours first")
  func endOfSequenceNames() throws {
    for name in ["<eos>", "</s>", "<|endoftext|>", "[SEP]", "[EOS]"] {
      let file = Self.edit(Self.wordLevel, "model.vocab", .object([name: 1, "<unk>": 0, "[EOS]x": 2]))
      #expect(try Tokenizer(json: file).endOfSequence == 1)
    }
    let both = Self.edit(Self.wordLevel, "model.vocab", ["</s>": 0, "<unk>": 1, "<eos>": 2])
    #expect(try Tokenizer(json: both).endOfSequence == 2)
    let none = Self.edit(Self.wordLevel, "model.vocab", ["<unk>": 0, "a": 1])
    #expect(throws: TokenizerError.missingEndOfSequence) { try Tokenizer(json: none) }
  }

  @Test("an imported vocabulary that is opened takes new words behind its own")
  func openImport() throws {
    var tokenizer = try Tokenizer(json: Self.wordLevel, isOpen: true)
    #expect(tokenizer.learn("the dog\nthe").ids == [2, 3, 2])
    #expect(try Tokenizer(json: tokenizer.json()).encode("dog").ids == [3])
  }

  @Test("an added token is special when the file says so")
  func addedTokens() throws {
    let file = Self.edit(Self.wordLevel, "added_tokens", Self.added())
    let tokenizer = try Tokenizer(json: file)
    #expect(tokenizer.encode("the<x>the").ids == [2, 3, 2])
    #expect(tokenizer.isSpecial(3) && tokenizer.isSpecial(0) && tokenizer.isSpecial(1) && !tokenizer.isSpecial(2))
    let plain = Self.edit(Self.wordLevel, "added_tokens", Self.added(("special", false)))
    #expect(try !Tokenizer(json: plain).isSpecial(3))
  }

  @Test(
    "what can not be honoured is refused by its name",
    arguments: [
      ("normalizer", ["type": "NFC"], "normalizer", "NFC"),
      ("normalizer", ["type": "Lowercase"], "normalizer", "Lowercase"),
      ("normalizer", ["type": "Sequence", "normalizers": [["type": "NFD"]]], "normalizer.normalizers[0]", "NFD"),
      ("pre_tokenizer", ["type": "BertPreTokenizer"], "pre_tokenizer", "BertPreTokenizer"),
      ("pre_tokenizer", ["type": "Metaspace", "replacement": "_"], "pre_tokenizer", "Metaspace"),
      (
        "pre_tokenizer", ["type": "Sequence", "pretokenizers": [["type": "WhitespaceSplit"], ["type": "Digits"]]],
        "pre_tokenizer.pretokenizers[1]", "Digits"
      ),
      (
        "pre_tokenizer", ["type": "Split", "pattern": ["Regex": "\\s+"], "behavior": "Removed", "invert": false],
        "pre_tokenizer", "this pattern with this behavior"
      ),
      ("pre_tokenizer", ["type": "WhitespaceSplit", "x": 1], "pre_tokenizer.x", "this option"),
      ("pre_tokenizer", ["type": "ByteLevel"], "pre_tokenizer", "ByteLevel with a word-level model"),
      ("post_processor", ["type": "TemplateProcessing"], "post_processor", "TemplateProcessing"),
      ("decoder", ["type": "WordPiece"], "decoder", "WordPiece"),
      ("truncation", ["max_length": 5], "truncation", "an object"),
      ("padding", ["pad_id": 0], "padding", "an object"),
      ("version", "2.0", "version", "\"2.0\""),
      ("model.type", "Unigram", "model", "Unigram"),
      ("model.type", "WordPiece", "model", "WordPiece"),
      ("model.extra", 1, "model.extra", "this option"),
      ("surprise", 1, "surprise", "this option"),
      ("added_tokens", added(("lstrip", true)), "added_tokens[0].lstrip", "true"),
      ("added_tokens", added(("single_word", true)), "added_tokens[0].single_word", "true"),
      (
        "added_tokens", added(("content", .string(String(repeating: "x", count: 257)))), "added_tokens[0].content",
        "more than 256 bytes"
      ),
      ("added_tokens", added(("score", 1)), "added_tokens[0].score", "this option"),
    ] as [(String, JSONValue, String, String)])
  func refusals(member: String, value: JSONValue, path: String, found: String) {
    #expect(throws: TokenizerError.unsupported(path: path, found: found)) {
      try Tokenizer(json: Self.edit(Self.wordLevel, member, value))
    }
  }

  @Test(
    "options of a byte-pair model that change its tokens are refused by name",
    arguments: [
      ("model.dropout", 0.1, "model.dropout", "0.1"),
      ("model.continuing_subword_prefix", "##", "model.continuing_subword_prefix", "\"##\""),
      ("model.end_of_word_suffix", "</w>", "model.end_of_word_suffix", "\"</w>\""),
      ("model.fuse_unk", true, "model.fuse_unk", "true"),
      ("model.byte_fallback", true, "model.byte_fallback", "true"),
      ("model.ignore_merges", true, "model.ignore_merges", "true"),
      ("pre_tokenizer", ["type": "WhitespaceSplit"], "pre_tokenizer", "a byte-pair model without ByteLevel"),
      ("pre_tokenizer", .null, "pre_tokenizer", "a byte-pair model without ByteLevel"),
      (
        "normalizer", ["type": "Replace", "pattern": ["String": "\n"], "content": " </s> "], "normalizer",
        "Replace before a pre_tokenizer that keeps white space"
      ),
      (
        "pre_tokenizer",
        ["type": "Sequence", "pretokenizers": [["type": "WhitespaceSplit"], ["type": "ByteLevel"]]], "pre_tokenizer",
        "add_prefix_space within a sequence"
      ),
    ] as [(String, JSONValue, String, String)])
  func byteLevelRefusals(member: String, value: JSONValue, path: String, found: String) {
    #expect(throws: TokenizerError.unsupported(path: path, found: found)) {
      try Tokenizer(json: Self.edit(Self.byteLevel, member, value))
    }
  }

  @Test(
    "a malformed file is an error that says where",
    arguments: [
      (wordLevel, "model.vocab", ["<unk>": 0, "<eos>": 1, "a": 1], .duplicateID(1)),
      (wordLevel, "model.vocab", ["<unk>": 0, "<eos>": 2], .missingID(1)),
      (wordLevel, "model.vocab", ["<unk>": 0, "<eos>": -1], .idOutOfRange(-1, limit: 1 << 24)),
      (wordLevel, "model.vocab", ["<unk>": 0, "<eos>": 99_999_999], .idOutOfRange(99_999_999, limit: 1 << 24)),
      (
        wordLevel, "model.vocab", ["<unk>": 0, "<eos>": 0.5], .malformed(path: "model.vocab", expected: "whole numbers")
      ),
      (wordLevel, "model.vocab", ["a": 0, "<eos>": 1], .missingUnknownToken),
      (wordLevel, "model.vocab", [], .malformed(path: "model.vocab", expected: "an object")),
      (wordLevel, "model.vocab", nil, .malformed(path: "model.vocab", expected: "an object")),
      (wordLevel, "model.unk_token", nil, .malformed(path: "model.unk_token", expected: "a string")),
      (wordLevel, "model.type", nil, .malformed(path: "model.type", expected: "a string")),
      (wordLevel, "model", nil, .malformed(path: "model", expected: "an object")),
      (wordLevel, "pre_tokenizer", "WhitespaceSplit", .malformed(path: "pre_tokenizer", expected: "an object")),
      (wordLevel, "pre_tokenizer", [:], .malformed(path: "pre_tokenizer.type", expected: "a string")),
      (wordLevel, "added_tokens", [:], .malformed(path: "added_tokens", expected: "an array")),
      (wordLevel, "added_tokens", [1], .malformed(path: "added_tokens[0]", expected: "an object")),
      (wordLevel, "added_tokens", added(("id", 7)), .addedTokenConflict(id: 7, vocabularyID: 3)),
      (wordLevel, "added_tokens", added(("content", "the")), .addedTokenConflict(id: 3, vocabularyID: 2)),
      (
        wordLevel, "added_tokens", added(("content", "")),
        .malformed(path: "added_tokens[0].content", expected: "a string that is not empty")
      ),
      (byteLevel, "model.merges", [["h", "x"]], .unknownTokenInMerge(index: 0)),
      (byteLevel, "model.merges", [["h", "e"], ["he", "h"]], .unknownTokenInMerge(index: 1)),
      (byteLevel, "model.merges", ["h e x"], .malformed(path: "model.merges[0]", expected: "two tokens")),
      (byteLevel, "model.merges", ["he"], .malformed(path: "model.merges[0]", expected: "two tokens")),
      (byteLevel, "model.merges", [["h", 1]], .malformed(path: "model.merges[0]", expected: "two tokens")),
      (byteLevel, "model.merges", nil, .malformed(path: "model.merges", expected: "an array")),
      (byteLevel, "model.unk_token", "[UNK]", .missingUnknownToken),
      (byteLevel, "model.vocab", ["</s>": 0, "日": 1], .outsideByteAlphabet(id: 1)),
    ] as [(JSONValue, String, JSONValue?, TokenizerError)])
  func malformed(file: JSONValue, member: String, value: JSONValue?, error: TokenizerError) {
    #expect(throws: error) { try Tokenizer(json: Self.edit(file, member, value)) }
  }

  @Test("nothing but an object is a file", arguments: [.null, [], "x", 1, true] as [JSONValue])
  func notAnObject(file: JSONValue) {
    #expect(throws: TokenizerError.malformed(path: "", expected: "an object")) { try Tokenizer(json: file) }
  }

  @Test("messages are never empty, and cut what a file calls things short")
  func messages() {
    let long = String(repeating: "x", count: 500)
    let file = Self.edit(Self.wordLevel, "pre_tokenizer", ["type": .string(long)])
    #expect(throws: TokenizerError.unsupported(path: "pre_tokenizer", found: String(long.prefix(40)) + "…")) {
      try Tokenizer(json: file)
    }
    #expect(TokenizerError.missingEndOfSequence.description.contains("<|endoftext|>"))
  }

  @Test("a file with any value replaced, removed or doubled is read or refused, never a crash")
  func mutations() throws {
    for golden in [Self.wordLevel, Self.byteLevel] {
      for seed in UInt64(1)...1500 {
        var generator = SeededGenerator(seed: seed)
        var mutated = golden
        for _ in 0..<Int.random(in: 1...3, using: &generator) { mutated = Self.mutate(mutated, &generator) }
        guard var tokenizer = try? Tokenizer(json: mutated, isOpen: true) else { continue }
        let ids = tokenizer.learn("the he\n<eos> x <x>").ids
        #expect(ids.allSatisfy { $0 >= 0 && $0 < tokenizer.vocabularySize }, "seed \(seed)")
        #expect(try Tokenizer(json: tokenizer.json()).json() == tokenizer.json(), "seed \(seed)")
      }
    }
  }

  static func mutate(_ value: JSONValue, _ generator: inout SeededGenerator) -> JSONValue {
    let strange: [JSONValue] = [
      .null, true, 0, 1, -1, 0.5, 1_000_000_000_000, "", "h", "<eos>", "\n", "type", [], [:], ["type": "Sequence"],
    ]
    if Int.random(in: 0..<4, using: &generator) == 0 { return strange.randomElement(using: &generator) ?? .null }
    switch value {
    case .object(let object) where !object.isEmpty:
      var copy = object
      guard let name = object.names.randomElement(using: &generator), let member = object[name] else { return value }
      switch Int.random(in: 0..<5, using: &generator) {
      case 0: copy[name] = nil
      case 1: copy["extra"] = member
      default: copy[name] = mutate(member, &generator)
      }
      return .object(copy)
    case .array(let array) where !array.isEmpty:
      var copy = array
      let index = Int.random(in: 0..<array.count, using: &generator)
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: copy.remove(at: index)
      case 1: copy.append(array[index])
      default: copy[index] = mutate(array[index], &generator)
      }
      return .array(copy)
    default: return strange.randomElement(using: &generator) ?? .null
    }
  }
}
