import Testing

@testable import Tokenizers

@Suite("The word tokenizer")
struct WordTokenizerTests {
  /// The tokens of a text as strings, learned by an empty tokenizer of this kind.
  static func tokens(_ text: String, kind: TokenizerKind = .word) throws -> [String] {
    var tokenizer = try Tokenizer.build(kind: kind, isOpen: true)
    let encoding = tokenizer.learn(text)
    return encoding.ids.map { String(decoding: tokenizer.bytes(of: $0), as: UTF8.self) }
  }

  @Test(
    "splits words from punctuation and keeps what joins a word inside",
    arguments: [
      ("", []),
      (" \t\r ", []),
      ("The man, the dog.", ["The", "man", ",", "the", "dog", "."]),
      ("don't rock-n-roll", ["don't", "rock-n-roll"]),
      ("it’s ’tis dogs' -x- a--b", ["it’s", "’", "tis", "dogs", "'", "-", "x", "-", "a", "-", "-", "b"]),
      ("snake_case 3.14 m²", ["snake_case", "3", ".", "14", "m²"]),
      ("naïve nai\u{308}ve", ["naïve", "nai\u{308}ve"]),
      ("汉字、かな", ["汉字", "、", "かな"]),
      ("👩‍👧!", ["👩", "\u{200D}", "👧", "!"]),
      ("a\u{A0}b\u{3000}c\u{200B}d", ["a", "b", "c", "\u{200B}", "d"]),
      ("one\ntwo\r\n\nx", ["one", "<eos>", "two", "<eos>", "<eos>", "x"]),
      ("a<eos>b <unk>", ["a", "<eos>", "b", "<unk>"]),
      ("<e os> <eo", ["<", "e", "os", ">", "<", "eo"]),
      ("a\u{0}b", ["a", "\u{0}", "b"]),
    ] as [(String, [String])])
  func splitting(text: String, expected: [String]) throws {
    #expect(try Self.tokens(text).map { Array($0.utf8) } == expected.map { Array($0.utf8) })
  }

  @Test(
    "whitespace splits at white space only, and a line's end is a token",
    arguments: [
      ("the <unk> 's @-@ x,y.", ["the", "<unk>", "'s", "@-@", "x,y."]),
      (" = A = \n \n b", ["=", "A", "=", "<eos>", "<eos>", "b"]),
      ("a\u{85}b\u{2028}c\u{1C}d", ["a", "b", "c\u{1C}d"]),
    ] as [(String, [String])])
  func whitespace(text: String, expected: [String]) throws {
    #expect(try Self.tokens(text, kind: .whitespace) == expected)
  }

  @Test("ranges are the bytes that each token stands for")
  func ranges() throws {
    let tokenizer = try Tokenizer.build(kind: .word, texts: [Array("été, 汉".utf8)])
    let encoding = tokenizer.encode(" été,\n汉 x")
    #expect(encoding.ranges == [1..<6, 6..<7, 7..<8, 8..<11, 12..<13])
    #expect(encoding.ids.last == tokenizer.unknown)
    #expect(encoding.ids[2] == tokenizer.endOfSequence)
  }

  @Test("an open vocabulary takes new words when it is taught, a closed one never does")
  func learning() throws {
    var open = try Tokenizer.build(kind: .word, texts: [Array("the dog".utf8)])
    var closed = open
    closed.isOpen = false
    let before = open
    #expect(open.encode("the cat").ids.last == open.unknown)
    let taught = open.learn("the cat, the cat")
    #expect(taught.ids[1] == taught.ids[4])
    #expect(open.vocabularySize == before.vocabularySize + 2)
    #expect(open.encode("cat").ids == [taught.ids[1]])
    #expect(before.encode("cat").ids == [0])
    #expect(closed.learn("the cat").ids == closed.encode("the cat").ids)
    #expect(closed.vocabularySize == before.vocabularySize)
  }

  @Test("snapshots taken while a vocabulary grows by thousands keep their own size and words")
  func snapshots() throws {
    var tokenizer = try Tokenizer.build(kind: .word)
    var snapshots: [Tokenizer] = []
    for index in 0..<6000 {
      if index % 500 == 0 { snapshots.append(tokenizer) }
      #expect(tokenizer.learn("w\(index)").ids == [TokenID(index + 2)])
    }
    for (number, snapshot) in snapshots.enumerated() {
      #expect(snapshot.vocabularySize == number * 500 + 2)
      #expect(snapshot.encode("w\(number * 500)").ids == [0])
      if number > 0 { #expect(snapshot.encode("w\(number * 500 - 1)").ids == [TokenID(number * 500 + 1)]) }
    }
    #expect(tokenizer.encode("w0 w2999 w5999").ids == [2, 3001, 6001])
  }

  @Test("what may not join the vocabulary is unknown: too long, not UTF-8, or one too many")
  func limits() throws {
    var tokenizer = try Tokenizer.build(kind: .whitespace, isOpen: true)
    let longest = String(repeating: "x", count: Tokenizer.tokenByteLimit)
    #expect(tokenizer.learn(longest + " " + longest + "y").ids == [2, 0])
    #expect(tokenizer.learn([0x61, 0xFF, 0x20, 0x62].span).ids == [0, 3])
    tokenizer.vocabularyLimit = 5
    #expect(tokenizer.learn("c d c").ids == [4, 0, 4])
  }

  @Test("a vocabulary with a size holds the most frequent words, earlier ones first where they tie")
  func building() throws {
    let text = Array("b a c a\nd b d d".utf8)
    let tokenizer = try Tokenizer.build(kind: .word, texts: [text], vocabularySize: 4)
    #expect((0..<4).map { String(decoding: tokenizer.bytes(of: $0), as: UTF8.self) } == ["<unk>", "<eos>", "d", "b"])
    #expect(tokenizer.bytes(of: 4) == [] && tokenizer.bytes(of: -1) == [])
    #expect(throws: TokenizerError.vocabularySize(found: 1, minimum: 2, maximum: 1 << 24)) {
      try Tokenizer.build(kind: .word, texts: [text], vocabularySize: 1)
    }
  }
}
