import Kernels
import Tokenizers

/// How `generate` picks one token after another.
package struct SamplingSettings: Equatable, Sendable {
  /// Log-probabilities are divided by it: below 1 the probable becomes more so. At 0 the most probable token is taken.
  package var temperature = 1.0
  /// Only so many of the most probable tokens are drawn from.
  package var topK: Int?
  /// Only the fewest most probable tokens that have this share of the probability are drawn from.
  package var topP: Double?
  package var seed: UInt64 = 0

  package init(temperature: Double = 1, topK: Int? = nil, topP: Double? = nil, seed: UInt64 = 0) {
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.seed = seed
  }

  func check() throws(LanguageModelError) {
    guard temperature >= 0, temperature <= 100 else {
      throw .invalidSetting(name: "temperature", found: "\(temperature)", expected: "a number from 0 to 100")
    }
    if let topK, topK < 1 { throw .invalidSetting(name: "topK", found: "\(topK)", expected: "at least 1") }
    if let topP, !(topP > 0 && topP <= 1) {
      throw .invalidSetting(name: "topP", found: "\(topP)", expected: "a number above 0, at most 1")
    }
  }
}

/// Draws tokens; the same seed draws the same ones from the same distributions.
struct TokenSampler {
  private let settings: SamplingSettings
  private var random: SplitMix64

  init(_ settings: SamplingSettings) {
    self.settings = settings
    random = SplitMix64(seed: settings.seed)
  }

  /// Draws one of the tokens that `mayFollow` allows; nil if it allows none.
  mutating func draw(from logProbabilities: [Float], where mayFollow: (TokenID) -> Bool) -> TokenID? {
    let limit = settings.temperature == 0 ? 1 : settings.topK
    var candidates: [(id: TokenID, logProbability: Float)]
    if let limit, limit < logProbabilities.count {
      var best = TopTokens(limit: limit)
      for (id, value) in logProbabilities.enumerated() where value > best.threshold {
        if mayFollow(TokenID(id)) { best.offer(TokenID(id), value) }
      }
      candidates = best.tokens
    } else {
      candidates = logProbabilities.enumerated().lazy.map { (TokenID($0.offset), $0.element) }
        .filter { mayFollow($0.0) }
    }
    guard candidates.count > 1, settings.temperature > 0 else { return candidates.first?.id }
    var weights = tempered(candidates)
    if let topP = settings.topP, topP < 1 { (candidates, weights) = nucleus(candidates, weights, share: topP) }
    return pick(candidates, weights)
  }

  /// Unnormalised probabilities at the temperature, the greatest being 1.
  private func tempered(_ candidates: [(id: TokenID, logProbability: Float)]) -> [Double] {
    let greatest = candidates.reduce(-Float.infinity) { max($0, $1.logProbability) }
    return candidates.map { (Double($0.logProbability - greatest) / settings.temperature).exponential }
  }

  /// The most probable candidates that together have `share` of the weight. Source: Holtzman et al. 2020.
  private func nucleus(
    _ candidates: [(id: TokenID, logProbability: Float)], _ weights: [Double], share: Double
  ) -> ([(id: TokenID, logProbability: Float)], [Double]) {
    let total = weights.reduce(0, +)
    // All that are less probable than this have less than 1 − share together: the nucleus is full before them.
    let least = total * (1 - share) / Double(weights.count)
    let order = weights.indices.filter { weights[$0] >= least }.sorted { (weights[$1], $0) < (weights[$0], $1) }
    var sum = 0.0
    var count = 0
    while count < order.count, sum < share * total {
      sum += weights[order[count]]
      count += 1
    }
    return (order[..<count].map { candidates[$0] }, order[..<count].map { weights[$0] })
  }

  private mutating func pick(_ candidates: [(id: TokenID, logProbability: Float)], _ weights: [Double]) -> TokenID? {
    let total = weights.reduce(0, +)
    var rest = Double(random.next() >> 11) * 0x1p-53 * total
    for (candidate, weight) in zip(candidates, weights) {
      rest -= weight
      if rest < 0 { return candidate.id }
    }
    return candidates.last?.id
  }
}
