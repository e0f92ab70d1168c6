import Testing

@testable import Tokenizers

@Suite("The word that a text ends in")
struct TrailingWordTests {
  @Test(
    "is split off where it may still go on",
    arguments: [
      (.word, "I am goi", "I am ", "goi"),
      (.word, "I am ", "I am ", ""),
      (.word, "I am.", "I am.", ""),
      (.word, "", "", ""),
      (.word, "I don't", "I ", "don't"),
      (.word, "I don'", "I don'", ""),
      (.word, "rock-n-ro", "", "rock-n-ro"),
      (.word, "a.b", "a.", "b"),
      (.word, "x\nне", "x\n", "не"),
      (.word, "汉字、か", "汉字、", "か"),
      (.whitespace, "see <un", "see ", "<un"),
      (.whitespace, "a.b", "", "a.b"),
      (.whitespace, "a\u{3000}", "a\u{3000}", ""),
      (.byteBPE, "I am goi", "I am", "goi"),
      (.byteBPE, "I am ", "I am", ""),
      (.byteBPE, "I am\n", "I am\n", ""),
      (.byteBPE, "goi", "", "goi"),
      (.byteBPE, "(goi", "(", "goi"),
      (.character, "I am goi", "I am ", "goi"),
    ] as [(TokenizerKind, String, String, String)])
  func splitting(kind: TokenizerKind, text: String, context: String, prefix: String) throws {
    let tokenizer = try Tokenizer.build(kind: kind)
    let bytes = Array(text.utf8)
    let trailing = tokenizer.splitTrailingWord(text)
    #expect(Array(bytes[trailing.context]) == Array(context.utf8))
    #expect(Array(bytes[trailing.prefix]) == Array(prefix.utf8))
    #expect(trailing.prefix.upperBound == bytes.count)
    #expect(trailing.continuation == context.utf8.count..<bytes.count)
  }

  @Test("of a word tokenizer is exactly its last token when the text ends within a word")
  func agreesWithEncoding() throws {
    let tokenizer = try Tokenizer.build(kind: .word)
    for seed in UInt64(1)...300 {
      var generator = SeededGenerator(seed: seed)
      let bytes = generator.bytes(count: 12)
      let trailing = tokenizer.splitTrailingWord(bytes.span)
      if trailing.prefix.isEmpty { continue }
      #expect(tokenizer.encode(bytes.span).ranges.last == trailing.prefix, "seed \(seed)")
    }
  }

  @Test("follows an imported tokenizer that splits within words")
  func importedSplitting() throws {
    let file = TokenizerFileTests.edit(TokenizerFileTests.wordLevel, "pre_tokenizer", ["type": "Whitespace"])
    let tokenizer = try Tokenizer(json: file)
    #expect(tokenizer.splitTrailingWord("I don't").prefix == 6..<7)
    #expect(tokenizer.splitTrailingWord("snake_ca").prefix == 0..<8)
    #expect(tokenizer.splitTrailingWord("well-").prefix == 5..<5)
  }

  @Test("vocabulary entries are found by their beginning, in what is sorted and in what is new, special ones never")
  func prefixes() throws {
    let words = (0..<3000).map { "w\($0)" } + ["été", "ét", "<un", "the"]
    var tokenizer = try Tokenizer.build(
      kind: .whitespace, texts: [Array(words.joined(separator: " ").utf8)], isOpen: true)
    _ = tokenizer.learn("w12x étage")
    func found(_ prefix: String) -> [String] {
      tokenizer.ids(withPrefix: Array(prefix.utf8)).map { String(decoding: tokenizer.bytes(of: $0), as: UTF8.self) }
        .sorted()
    }
    #expect(
      found("w12")
        == ([12, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129].map { "w\($0)" }
        + (1200..<1300).map { "w\($0)" } + ["w12x"]).sorted())
    #expect(found("ét") == ["ét", "étage", "été"].sorted())
    #expect(found("<") == ["<un"])
    #expect(found("w29999") == [])
    #expect(found("").count == tokenizer.vocabularySize - 2)
  }
}
