import JSON
import Testing

@testable import Tokenizers

@Suite("The byte-pair tokenizer")
struct ByteBPETests {
  static let tokenizer = try? Tokenizer.build(kind: .byteBPE, texts: [Golden.corpus], vocabularySize: 420)

  @Test("every byte string survives encoding and decoding, and its tokens' ranges tile it")
  func roundTrip() throws {
    let tokenizer = try #require(Self.tokenizer)
    for seed in UInt64(1)...300 {
      var generator = SeededGenerator(seed: seed)
      let bytes = generator.bytes(count: Int(seed))
      let encoding = tokenizer.encode(bytes.span)
      #expect(tokenizer.decode(encoding.ids) == bytes, "seed \(seed)")
      #expect(encoding.ranges.flatMap { Array($0) } == Array(bytes.indices), "seed \(seed)")
      #expect(zip(encoding.ids, encoding.ranges).allSatisfy { tokenizer.bytes(of: $0) == Array(bytes[$1]) })
      #expect(tokenizer.ids(bytes.span) == encoding.ids)
    }
  }

  @Test("no text makes the end of a sequence, and a line feed stays one")
  func endOfSequence() throws {
    let tokenizer = try #require(Self.tokenizer)
    #expect(tokenizer.endOfSequence == 0 && tokenizer.isSpecial(0) && !tokenizer.isSpecial(1))
    #expect(tokenizer.unknown == nil)
    #expect(!tokenizer.encode("<eos>\n<eos>").ids.contains(0))
    #expect(tokenizer.encode("\n").ids.map { tokenizer.bytes(of: $0) } == [[0x0A]])
    #expect(tokenizer.decode([0]) == Array("<eos>".utf8))
  }

  @Test("merges are applied best rank first, leftmost first, in short pieces and long ones")
  func mergingMatchesDefinition() throws {
    let tokenizer = try #require(Self.tokenizer)
    let table = try #require(tokenizer.merges)
    var merger = PairMerger()
    for seed in UInt64(1)...200 {
      var generator = SeededGenerator(seed: seed)
      let alphabet = Array((seed.isMultiple(of: 2) ? "=- " : "the tidwas").utf8)
      let count = Int.random(in: 0...160, using: &generator)
      let bytes = (0..<count).compactMap { _ in alphabet.randomElement(using: &generator) }
      merger.merge(bytes.span, bytes.indices, by: table, unknown: nil)
      #expect(merger.symbols.map(\.id) == Self.mergeByDefinition(bytes, table), "seed \(seed)")
    }
  }

  /// Byte-pair merging as it is defined: over and over the best pair there is.
  static func mergeByDefinition(_ bytes: [UInt8], _ table: MergeTable) -> [TokenID] {
    var tokens = bytes.map { table.byteTokens[Int($0)] }
    while true {
      let pairs = zip(tokens, tokens.dropFirst()).map { pair in
        table.merges.firstIndex { $0.left == pair.0 && $0.right == pair.1 } ?? Int.max
      }
      guard let best = pairs.min(), best < Int.max, let index = pairs.firstIndex(of: best) else { return tokens }
      tokens.replaceSubrange(index...index + 1, with: [table.merges[best].result])
    }
  }

  @Test("training makes the most frequent pair a token, of equally frequent ones the pair with the smaller numbers")
  func training() throws {
    var builder = TokenizerBuilder(kind: .byteBPE)
    builder.add("hug pug hugs")
    builder.add("pun bun hug")
    let tokenizer = try builder.finish(vocabularySize: 261)
    let learned = (257..<TokenID(261)).map { String(decoding: tokenizer.bytes(of: $0), as: UTF8.self) }
    #expect(learned == ["ug", "hug", "un", " hug"])
  }

  @Test("training stops when no pair comes often enough, whatever size was asked for")
  func trainingStops() throws {
    let text = Array("ab cd".utf8)
    #expect(try Tokenizer.build(kind: .byteBPE, texts: [text], vocabularySize: 5000).vocabularySize == 257)
    #expect(try Tokenizer.build(kind: .byteBPE, texts: []).vocabularySize == 257)
  }

  @Test("a byte vocabulary must hold the end of a sequence and all bytes")
  func smallestSize() {
    #expect(throws: TokenizerError.vocabularySize(found: 256, minimum: 257, maximum: 1 << 24)) {
      try Tokenizer.build(kind: .byteBPE, vocabularySize: 256)
    }
  }

  @Test("a byte vocabulary never grows, opened or not")
  func staysClosed() throws {
    var tokenizer = try #require(Self.tokenizer)
    tokenizer.isOpen = true
    #expect(!tokenizer.isOpen)
    let size = tokenizer.vocabularySize
    #expect(tokenizer.learn("zyxwv ").ids == tokenizer.encode("zyxwv ").ids)
    #expect(tokenizer.vocabularySize == size)
  }

  @Test("more different pieces than the cache holds come out as they would without it")
  func cacheOverflow() throws {
    let tokenizer = try #require(Self.tokenizer)
    let words = (0..<40_000).map { " x\($0)" }
    let all = tokenizer.ids(Array(words.joined().utf8).span)
    #expect(tokenizer.decode(all) == Array(words.joined().utf8))
    let last = tokenizer.ids(Array(words[39_999].utf8).span)
    #expect(Array(all.suffix(last.count)) == last)
  }
}
