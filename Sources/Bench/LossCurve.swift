import Kernels
import Networks
import Tokenizers

/// How the loss falls while a network of the small configuration reads made-up English: with it, what a precision costs
/// in quality is seen beside what it gains in speed.
struct LossCurve {
  private let size = Learner.Size()
  private let tokens: [TokenID]
  private let stepCount: Int

  /// The loss falls without leaps; at much higher rates every difference grows, whatever it comes from.
  private static let learningRate = 1.0

  init(stepCount: Int) throws(BenchmarkError) {
    self.stepCount = stepCount
    // Each sequence's last token is a target only.
    let needed = size.batchSize * (stepCount * size.sequenceLength + 1)
    // Its words have less than nine letters on average, with the blank.
    let text = SampleText.english(byteCount: needed * 9)
    do {
      let tokenizer = try Tokenizer.build(kind: .word, texts: [text], vocabularySize: size.vocabularySize)
      tokens = Array(tokenizer.encode(text.span).ids.prefix(needed))
    } catch {
      throw .refused("\(error)")
    }
    guard tokens.count == needed else { throw .refused("the made-up text has only \(tokens.count) tokens") }
  }

  /// Each step's loss, in nats.
  func losses(_ precision: ProductPrecision, team: ThreadTeam) throws(BenchmarkError) -> [Double] {
    var learner = try Learner(size, precision: precision, team: team)
    var losses: [Double] = []
    for step in 0..<stepCount { losses.append(try learner.learn(window(step), learningRate: Self.learningRate)) }
    return losses
  }

  /// The largest part of a step's loss by which another curve is away from this one, in percent.
  static func distance(from curve: [Double], to other: [Double]) -> Double {
    zip(curve, other).reduce(0) { max($0, abs($1.1 - $1.0) / $1.0 * 100) }
  }

  /// The text is cut into as many sequences as a batch has, which are read on and on.
  private func window(_ step: Int) -> TrainingWindow {
    let length = stepCount * size.sequenceLength + 1
    var (inputs, targets): ([TokenID], [TokenID]) = ([], [])
    for time in step * size.sequenceLength..<(step + 1) * size.sequenceLength {
      for sequence in 0..<size.batchSize {
        inputs.append(tokens[sequence * length + time])
        targets.append(tokens[sequence * length + time + 1])
      }
    }
    return TrainingWindow(
      batchSize: size.batchSize, sequenceLength: size.sequenceLength, inputs: inputs, targets: targets)
  }
}
