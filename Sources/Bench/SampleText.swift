import Kernels

/// Text made up for measuring: no corpus is needed, and every run measures the same.
enum SampleText {
  /// The words of a vocabulary of `count` words, each once.
  static func vocabulary(count: Int) -> String { (0..<count).map(word).joined(separator: " ") }

  /// A number's word: two syllables of a consonant and a vowel, and more for numbers from 10,000 on. Few begin alike,
  /// as in a language: a hundredth of the short ones with the same two letters.
  static func word(_ number: Int) -> String {
    var (rest, text) = (number, "")
    repeat {
      let syllable = rest % 100
      text = String(consonants[syllable / 5]) + String(vowels[syllable % 5]) + text
      rest /= 100
    } while rest > 0 || text.utf8.count < 4
    return text
  }

  private static let consonants = Array("bcdfghjklmnpqrstvwxz")
  private static let vowels = Array("aeiou")

  /// Sentences of made-up words whose lengths and frequencies are like English's: the r-th word is 1/r as frequent as
  /// the first (Zipf).
  static func english(byteCount: Int) -> [UInt8] {
    var numbers = SplitMix64(seed: 7)
    // Frequent words are short: 2 letters for the first, about 9 for the last.
    let words = (0..<20_000).map { rank in word(length: 2 + (rank.bitWidth - rank.leadingZeroBitCount) / 2, &numbers) }
    var text: [UInt8] = []
    text.reserveCapacity(byteCount + 64)
    while text.count < byteCount {
      for position in 0..<Int.random(in: 6...18, using: &numbers) {
        if position > 0 { text.append(UInt8(ascii: " ")) }
        let share = Double.random(in: 0..<1, using: &numbers)
        text += words[zipfRank(share, count: words.count)]
      }
      text += [UInt8(ascii: "."), UInt8(ascii: Int.random(in: 0..<5, using: &numbers) == 0 ? "\n" : " ")]
    }
    return text
  }

  /// The rank, from 0, up to which `share` of a text's words lie by Zipf's law: `count` to the power of `share`, as
  /// harmonic numbers grow like logarithms.
  private static func zipfRank(_ share: Double, count: Int) -> Int {
    var (power, root, rest) = (1.0, Double(count), share)
    for _ in 0..<20 {
      root = root.squareRoot()
      rest *= 2
      if rest >= 1 {
        power *= root
        rest -= 1
      }
    }
    return min(count - 1, Int(power) - 1)
  }

  private static func word(length: Int, _ numbers: inout SplitMix64) -> [UInt8] {
    let letters = Array("etaoinshrdlucmfwygpbvk".utf8)
    return (0..<length).map { _ in letters[Int.random(in: 0..<letters.count, using: &numbers)] }
  }
}
