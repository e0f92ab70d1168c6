import Tokenizers

extension Benchmark {
  /// Encoding made-up English on one core, and training a tokenizer on it.
  func tokenizing() throws(BenchmarkError) -> [Figure] {
    let text = SampleText.english(byteCount: 10_000_000)
    let encoded = Array(text.prefix(settings.isQuick ? 1 << 20 : 8 << 20))
    var figures: [Figure] = []
    let kinds: [(TokenizerKind, Int?, Double?)] = [
      (.word, 10_000, 100), (.whitespace, 10_000, nil), (.byteBPE, 4_096, 20), (.character, nil, nil),
    ]
    for (kind, vocabularySize, least) in kinds where wants("tokenizing.\(kind.rawValue)") {
      let tokenizer = try Self.built(kind, from: Array(text.prefix(1 << 20)), vocabularySize: vocabularySize)
      let samples = Samples(
        (0..<settings.rounds).map { _ in
          Stopwatch.rate(seconds: settings.seconds) { _ = tokenizer.encode(encoded.span) } * Double(encoded.count) / 1e6
        })
      figures.append(
        Figure(
          "tokenizing.\(kind.rawValue)", kind.rawValue, samples.median,
          .megabytesPerSecond,
          target: least.map { .value(.atLeast, $0) }))
    }
    if wants("tokenizing.training") {
      let watch = Stopwatch()
      _ = try Self.built(.byteBPE, from: text, vocabularySize: 8_192)
      figures.append(
        Figure(
          "tokenizing.training", "training byte-bpe, 8,192 tokens", watch.seconds, .seconds,
          target: .value(.atMost, 10)))
    }
    return figures
  }

  private static func built(
    _ kind: TokenizerKind, from text: [UInt8], vocabularySize: Int?
  ) throws(BenchmarkError) -> Tokenizer {
    do {
      return try Tokenizer.build(kind: kind, texts: [text], vocabularySize: vocabularySize)
    } catch {
      throw .refused("\(error)")
    }
  }
}
