import Kernels

/// Text made up for measuring: no corpus is needed, and every run measures the same.
enum SampleText {
  /// The words of a vocabulary of `count` words, `w0` to `w…`, each once.
  static func vocabulary(count: Int) -> String { (0..<count).map { "w\($0)" }.joined(separator: " ") }

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
