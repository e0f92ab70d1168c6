import Testing

@testable import Tokenizers

@Suite("From tokens back to text")
struct DetokenizingTests {
  static func roundTrip(_ text: String, kind: TokenizerKind) throws -> [UInt8] {
    var tokenizer = try Tokenizer.build(kind: kind, isOpen: true)
    let ids = tokenizer.learn(text).ids
    return tokenizer.decode(ids)
  }

  @Test(
    "word sets punctuation as English has it",
    arguments: [
      "The man bites the dog.", "Well, yes; no: (maybe) [not]!", "\"Stop!\" he said, \"now.\"", "and/or 10% of $5",
      "It costs 3.14, not 1,000.", "at 10:30 o'clock", "“So it’s” – a – b", "rock-n-roll isn't dead…",
      "one\ntwo\n\nthree\n",
      "汉字、かな。", "👩\u{200D}👧 and ❤\u{FE0F} too", "'quoted' \"and 'nested' too\"", "", "\n",
    ])
  func wordKeepsReadableText(text: String) throws {
    #expect(try Self.roundTrip(text, kind: .word) == Array(text.utf8))
  }

  @Test("word makes one blank of many, and none before what closes")
  func wordNormalizesSpacing() throws {
    #expect(try Self.roundTrip("  a \t b ,  c ( d ) \r\n e", kind: .word) == Array("a b, c (d)\ne".utf8))
  }

  @Test("a quote opened on one line does not close on the next")
  func quotesEndWithLine() throws {
    #expect(try Self.roundTrip("\" a\n\" b", kind: .word) == Array("\"a\n\"b".utf8))
  }

  @Test("whitespace joins words by blanks and writes line ends")
  func whitespace() throws {
    #expect(try Self.roundTrip(" = A , <unk> =\n\n b 's\n", kind: .whitespace) == Array("= A , <unk> =\n\nb 's\n".utf8))
  }

  @Test("character gives back every text it knows, special names spelled out included")
  func character() throws {
    let text = "e\u{301}é\r\n\t<eos><unk>\u{0}👩\u{200D}👧"
    var tokenizer = try Tokenizer.build(kind: .character, isOpen: true)
    let encoding = tokenizer.learn(text)
    #expect(tokenizer.decode(encoding.ids) == Array(text.utf8))
    #expect(encoding.count == text.unicodeScalars.count)
    #expect(!encoding.ids.contains(tokenizer.endOfSequence) && !encoding.ids.contains(0))
    #expect(tokenizer.encode("\u{2603}").ids == [0])
    #expect(tokenizer.encode([0xC3, 0x28].span).ids.first == 0)
  }

  @Test("numbers that no token has are left out")
  func unknownNumbers() throws {
    let tokenizer = try Tokenizer.build(kind: .word, texts: [Array("a".utf8)])
    #expect(tokenizer.decode([.max, 2, -1, 3]) == Array("a".utf8))
  }
}
