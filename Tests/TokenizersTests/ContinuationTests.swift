import Testing

@testable import Tokenizers

@Suite("The tokens of a text that changed at its end")
struct ContinuationTests {
  private static let pieces = [
    "the", "man", " ", " ", " ", "  ", "\n", "\t", "don't", "'", "-", "ü", "\u{3000}", "\u{A0}", "e\u{301}", "12",
    "3.4", "日本",
    "<eos>", "<unk>", "<", "…", ".", "_x", "🙂", "\u{200D}",
  ]

  @Test(
    "are those of encoding it anew, from where that may be taken up again", arguments: TokenizerKind.allCases,
    0..<25 as Range<UInt64>)
  func agreesWithEncode(_ kind: TokenizerKind, _ seed: UInt64) throws {
    var random = SystemIndependentRandom(state: seed)
    func text() -> [UInt8] {
      (0..<Int.random(in: 0...30, using: &random)).flatMap { _ in
        Array((Self.pieces.randomElement(using: &random) ?? "").utf8)
      }
    }
    let tokenizer = try Tokenizer.build(
      kind: kind, texts: [text(), text()], vocabularySize: kind == .byteBPE ? 300 : nil)
    for _ in 0..<20 {
      let (common, before, after) = (text(), text(), text())
      // A shared part may be cut within a character.
      let shared = Array(common.prefix(Int.random(in: 0...common.count, using: &random)))
      let known = tokenizer.encode((shared + before).span)
      let changed = shared + after
      let agreeing = zip(shared + before, changed).prefix { $0 == $1 }.count
      let cut = tokenizer.resumption(in: changed.span, before: agreeing)
      let kept = known.ranges.count { $0.upperBound <= cut }
      let rest = tokenizer.encode(changed.span.extracting(cut...))
      let continued = Encoding(
        ids: known.ids[..<kept] + rest.ids,
        ranges: known.ranges[..<kept] + rest.ranges.map { $0.lowerBound + cut..<$0.upperBound + cut })
      #expect(cut <= agreeing && continued == tokenizer.encode(changed.span), "seed \(seed)")
    }
  }
}

/// A generator whose numbers a seed names.
private struct SystemIndependentRandom: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state ^ (state >> 29)) &* 0xBF58_476D_1CE4_E5B9
  }
}
