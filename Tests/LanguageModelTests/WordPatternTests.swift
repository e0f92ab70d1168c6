import Testing

@testable import LanguageModel

/// What follows a text, and what word it begins or is.
struct PatternCase: Sendable, CustomTestStringConvertible {
  var pattern = WordPattern()
  let bytes: [UInt8]
  let progress: WordPattern.Match.Progress
  var covered = true
  var word = ""
  var testDescription: String { "\(String(decoding: bytes, as: UTF8.self)) (\(progress))" }

  init(
    lead: String = "", blanks: WordPattern.Blanks = .none, prefix: String = "", _ text: String,
    _ progress: WordPattern.Match.Progress, covered: Bool = true, word: String = ""
  ) {
    self.init(
      lead: lead, blanks: blanks, prefix: prefix, bytes: Array(text.utf8), progress, covered: covered, word: word)
  }

  init(
    lead: String = "", blanks: WordPattern.Blanks = .none, prefix: String = "", bytes: [UInt8],
    _ progress: WordPattern.Match.Progress, covered: Bool = true, word: String = ""
  ) {
    pattern = WordPattern(lead: Array(lead.utf8), blanks: blanks, prefix: Array(prefix.utf8))
    self.bytes = bytes
    self.progress = progress
    self.covered = covered
    self.word = word
  }

  static let all = [
    PatternCase("", .open),
    PatternCase("dog", .open, word: "dog"),
    PatternCase("dog ", .ended, word: "dog"),
    PatternCase("dog.", .ended, word: "dog"),
    PatternCase("don't", .open, word: "don't"),
    PatternCase("don'", .open, word: "don"),
    PatternCase("don' ", .ended, word: "don"),
    PatternCase("well--", .ended, word: "well"),
    PatternCase("well-known!", .ended, word: "well-known"),
    PatternCase("über", .open, word: "über"),
    PatternCase(bytes: [0xC3], .open),
    PatternCase(bytes: Array("b".utf8) + [0xC3], .open, word: "b"),
    PatternCase(bytes: [0xC3, 0x28], .none),
    PatternCase(bytes: [0xBC], .none),
    PatternCase(bytes: [0xED, 0xA0], .none),
    PatternCase(".", .ended, word: "."),
    PatternCase("'", .ended, word: "'"),
    PatternCase(" dog", .none),
    PatternCase(blanks: .optional, " \n dog", .open, word: "dog"),
    PatternCase(blanks: .optional, "  ", .open),
    PatternCase(blanks: .atLeastOne, "", .open, covered: false),
    PatternCase(blanks: .atLeastOne, "dog", .none, covered: false),
    PatternCase(blanks: .atLeastOne, " dog", .open, word: "dog"),
    PatternCase(lead: " ", blanks: .optional, "dog", .none, covered: false),
    PatternCase(lead: " ", blanks: .optional, " dog", .open, word: "dog"),
    PatternCase(lead: " ", prefix: "do", " ", .open, covered: false),
    PatternCase(lead: " ", prefix: "do", " d", .open, covered: false),
    PatternCase(lead: " ", prefix: "do", " do", .open, word: "do"),
    PatternCase(lead: " ", prefix: "do", " dog", .open, word: "dog"),
    PatternCase(lead: " ", prefix: "do", " do ", .ended, word: "do"),
    PatternCase(lead: " ", prefix: "do", " da", .none, covered: false),
    PatternCase(prefix: "3.", "3.14 ", .ended, word: "3.14"),
  ]
}

@Suite("What follows a text")
struct WordPatternTests {
  @Test("is told to be a word, its beginning, or none", arguments: PatternCase.all)
  func matches(_ example: PatternCase) {
    let match = example.pattern.match(example.bytes)
    #expect(match.progress == example.progress)
    guard match.progress != .none else { return }
    #expect(match.isCovered == example.covered)
    #expect(String(decoding: example.bytes[match.word], as: UTF8.self) == example.word)
  }

  @Test("says which byte must come while only one can", arguments: ["", " d", " do", " dog"])
  func demandsBytes(_ text: String) {
    let pattern = WordPattern(lead: [0x20], prefix: Array("dog".utf8))
    for (index, byte) in text.utf8.enumerated() { #expect(pattern.demandedByte(at: index) == byte) }
    #expect(pattern.demandedByte(at: 4) == nil)
    #expect(WordPattern(blanks: .optional, prefix: [1]).demandedByte(at: 0) == nil)
  }
}
