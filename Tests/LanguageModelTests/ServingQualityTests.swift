import Foundation
import Kernels
import Networks
import Testing
import Tokenizers

@testable import LanguageModel

/// What predicting with weights in their compact form costs in quality.
///
/// With `RNND_QUALITY_MODEL` and `RNND_QUALITY_TEXT` (a model's directory and a text's path) it is measured on these,
/// and the figures are printed; `RNND_QUALITY_TOKENS` says on how many tokens, 2,000 when left out.
@Suite("Predicting with compact weights")
struct ServingQualityTests {
  private struct Quality {
    var count = 0
    var unchanged = 0
    var (exact, compact) = (0.0, 0.0)

    /// How often the five most probable tokens stay the same, in order.
    var agreement: Double { Double(unchanged) / Double(count) }
    var perplexities: (exact: Double, compact: Double) {
      (exp(-exact / Double(count)), exp(-compact / Double(count)))
    }
  }

  @Test("leaves the order of the five most probable words in 99% of positions, and perplexity within 0.5%")
  func staysClose() throws {
    let environment = ProcessInfo.processInfo.environment
    let quality: Quality
    if let path = environment["RNND_QUALITY_MODEL"], let text = environment["RNND_QUALITY_TEXT"] {
      let teacher = try ModelDirectory(path: path).load()
      let limit = environment["RNND_QUALITY_TOKENS"].flatMap(Int.init) ?? 2_000
      quality = try measure(teacher, Array(Data(contentsOf: URL(fileURLWithPath: text))), tokenLimit: limit)
      print(
        "\(quality.count) tokens: order unchanged in \(quality.agreement * 100)%, perplexity "
          + "\(quality.perplexities.exact) exact, \(quality.perplexities.compact) compact")
    } else {
      quality = try measure(taught(), Array(Self.text(from: 7).utf8), tokenLimit: 600)
    }
    #expect(quality.agreement >= 0.99)
    #expect(abs(quality.perplexities.compact / quality.perplexities.exact - 1) < 0.005)
  }

  private func measure(_ teacher: ModelTeacher, _ text: [UInt8], tokenLimit: Int) throws -> Quality {
    let snapshot = teacher.snapshot()
    let tokens = [teacher.tokenizer.endOfSequence] + snapshot.tokenizer.ids(text.span).prefix(tokenLimit)
    let (evaluator, predictor) = (Evaluator(), Predictor())
    var (exactState, state) = (
      HiddenState(zeroFor: snapshot.weights.shape), HiddenState(zeroFor: snapshot.weights.shape)
    )
    var exact: [Float] = []
    var spare: [Distribution] = []
    var quality = Quality()
    for (token, next) in zip(tokens, tokens.dropFirst()) {
      evaluator.advance(&exactState, by: token, with: snapshot.weights)
      predictor.advance(&state, by: token, with: snapshot.served)
      evaluator.logProbabilities(after: exactState, with: snapshot.weights, into: &exact)
      let distribution = predictor.predict(after: [state], with: snapshot.served, reusing: &spare)[0]
      let positions = positionsOfGreatest(5, of: FloatBuffer(exact).all, tolerance: 0)
      let best = positions.sorted { (exact[Int($1)], $0) < (exact[Int($0)], $1) }.prefix(5)
      quality.count += 1
      if distribution.best(5, with: snapshot.served).map(\.id) == Array(best) { quality.unchanged += 1 }
      quality.exact += Double(exact[Int(next)])
      quality.compact += Double(distribution.logProbabilities[Int(next)])
      spare = [distribution]
    }
    return quality
  }

  /// Made-up sentences: each word is followed by one of a few, so that there is something to learn.
  private static func text(from seed: UInt64) -> String {
    var random = SplitMix64(seed: seed)
    var word = 0
    return (0..<600).map { index in
      word = (word * 7 + Int(random.next() % 4) * 13 + 1) % 2_000
      return "w\(word)" + (index % 12 == 11 ? "\n" : " ")
    }.joined()
  }

  private func taught() throws -> ModelTeacher {
    var settings = CreateSettings.tiny(.word)
    settings.embeddingSize = 48
    settings.hiddenSize = 48
    let vocabulary = (0..<2_000).map { "w\($0)" }.joined(separator: " ")
    let teacher = try ModelTeacher(settings, texts: [Array(vocabulary.utf8)])
    for seed in 0..<20 as Range<UInt64> { _ = try teacher.teach(Lesson([.text(Self.text(from: seed))])) }
    return teacher
  }
}
