import Tokenizers

extension Benchmark {
  /// Encoding made-up English on one core.
  func tokenizing() throws(BenchmarkError) -> [Figure] {
    let text = SampleText.english(byteCount: settings.isQuick ? 1 << 20 : 8 << 20)
    return try [(TokenizerKind.word, 10_000), (.whitespace, 10_000), (.byteBPE, 4_096), (.character, nil)].map {
      kind, vocabularySize throws(BenchmarkError) in
      let tokenizer: Tokenizer
      do {
        tokenizer = try Tokenizer.build(
          kind: kind, texts: [Array(text.prefix(1 << 20))], vocabularySize: vocabularySize)
      } catch {
        throw .refused("\(error)")
      }
      let samples = Samples(
        (0..<settings.rounds).map { _ in
          Stopwatch.rate(seconds: settings.seconds) { _ = tokenizer.encode(text.span) } * Double(text.count) / 1e6
        })
      return Figure("tokenizing.\(kind.rawValue)", "\(kind.rawValue), one core", samples.median, .megabytesPerSecond)
    }
  }
}
