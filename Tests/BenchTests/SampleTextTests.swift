import Testing

@testable import Bench

@Suite struct SampleTextTests {
  @Test("the made-up English is the same every time, and some words are far more frequent than others")
  func english() {
    let text = SampleText.english(byteCount: 50_000)
    #expect(text == SampleText.english(byteCount: 50_000))
    #expect((50_000..<50_100).contains(text.count))
    let words = String(decoding: text, as: UTF8.self).split { " .\n".contains($0) }
    let counts = Dictionary(words.map { ($0, 1) }, uniquingKeysWith: +).values.sorted(by: >)
    #expect(counts.count > 1_000)
    #expect(counts[0] > 100 && counts[counts.count / 2] < 5)
  }

  @Test("the vocabulary has each word once, also where words are longer", arguments: [1, 100, 12_345])
  func vocabulary(count: Int) {
    let words = SampleText.vocabulary(count: count).split(separator: " ")
    #expect(words.count == count && Set(words).count == count)
  }

  @Test(
    "numbers have words of two syllables, and more where those are used up",
    arguments: [(0, "baba"), (106, "bece"), (9_999, "zuzu"), (10_000, "bebaba")])
  func words(number: Int, word: String) {
    #expect(SampleText.word(number) == word)
  }
}
