import Kernels

/// How probable each token is to come next, as a `Predictor` found it.
///
/// Log-probabilities come from an output layer in bytes, but those of the most probable tokens, and with them nearly all
/// of the probability, from the weights themselves. What `best` tells is always from the weights themselves.
package final class Distribution {
  /// Of every token; `[V]`.
  let logits: FloatBuffer
  package let count: Int
  /// What the output layer read; `[E or H]`.
  let output: FloatBuffer
  /// The logarithm of the sum of the logits' exponentials: a log-probability is a logit less this.
  private var normalizer = 0.0
  /// By how much a number may be off that was not refined.
  private var tolerance: Float = 0
  /// The most probable tokens, best first: `refinedCount` where there are as many.
  private var top: [Choice] = []

  /// How many of the most probable tokens are refined beforehand. The same whatever is asked, so that answers depend
  /// on nothing else.
  private static let refinedCount = 8

  init(shape: NetworkShape) {
    count = shape.vocabularySize
    logits = FloatBuffer(count: shape.vocabularySize)
    output = FloatBuffer(count: shape.outputSize)
  }

  /// Of every token, in nats; a copy.
  package var logProbabilities: [Float] {
    let numbers = FloatBuffer(count: count).all
    subtract(normalizer, from: logits.all, into: numbers)
    return numbers.array
  }

  package var byteCount: Int { (logits.count + output.count) * MemoryLayout<Float>.stride }

  /// Makes what was written to `logits` a distribution; each of them may be off by `tolerance`.
  func finish(tolerance: Float, weights: Parameters) {
    self.tolerance = tolerance
    let logits = logits.all
    let positions = positionsOfGreatest(Self.refinedCount, of: logits, tolerance: tolerance)
    if tolerance > 0 {
      let exact = multiplyRows(
        of: weights.decoder.weights, at: positions, output.all, bias: weights.decoder.bias)
      for (position, logit) in zip(positions, exact) { logits[Int(position)] = logit }
    }
    normalizer = logSumExp(logits)
    top = Self.sorted(positions.map { ($0, normalized(logits[Int($0)])) }, limit: Self.refinedCount)
  }

  /// A token and its log-probability, in nats.
  package typealias Choice = (id: TokenID, logProbability: Float)

  /// The most probable tokens, best first; of equally probable ones those with the lowest numbers.
  package func best(_ limit: Int, with weights: ServedWeights) -> [Choice] {
    if limit <= Self.refinedCount { return Array(top.prefix(limit)) }
    let positions = positionsOfGreatest(limit, of: logits.all, tolerance: tolerance)
    return Self.sorted(refined(positions, with: weights), limit: limit)
  }

  /// The most probable of some tokens, and the logarithm of the probability of all these together.
  ///
  /// - Parameter ids: tokens of the vocabulary, each once, ascending.
  package func best(
    _ limit: Int, among ids: [TokenID], with weights: ServedWeights
  ) -> (choices: [Choice], logTotal: Float) {
    let candidates = FloatBuffer(count: ids.count).all
    gather(logits.all, at: ids, into: candidates)
    subtract(normalizer, from: candidates, into: candidates)
    let positions = positionsOfGreatest(limit, of: candidates, tolerance: tolerance)
    let choices = refined(positions.map { ids[Int($0)] }, with: weights)
    for (position, choice) in zip(positions, choices) { candidates[Int(position)] = choice.logProbability }
    return (Self.sorted(choices, limit: limit), Float(logSumExp(candidates)))
  }

  /// Tokens with their log-probabilities by the weights themselves.
  private func refined(_ ids: [TokenID], with weights: ServedWeights) -> [Choice] {
    guard tolerance > 0 else { return ids.map { ($0, normalized(logits.all[Int($0)])) } }
    let decoder = weights.snapshot.parameters.decoder
    let exact = multiplyRows(of: decoder.weights, at: ids, output.all, bias: decoder.bias)
    return zip(ids, exact).map { ($0, normalized($1)) }
  }

  private func normalized(_ logit: Float) -> Float { difference(logit, normalizer) }

  private static func sorted(_ choices: [Choice], limit: Int) -> [Choice] {
    var sorted = choices
    sorted.sort { ($1.logProbability, $0.id) < ($0.logProbability, $1.id) }
    sorted.removeLast(max(0, sorted.count - limit))
    return sorted
  }
}
