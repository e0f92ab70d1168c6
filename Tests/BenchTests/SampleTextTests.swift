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

  @Test("the vocabulary has each word once")
  func vocabulary() {
    #expect(SampleText.vocabulary(count: 3) == "w0 w1 w2")
  }
}
