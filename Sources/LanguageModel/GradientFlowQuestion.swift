package import Kernels
package import Networks
import Tokenizers

extension ModelSnapshot {
  /// The longest text whose gradient is followed: its memory grows with the length.
  package static let gradientFlowTokenLimit = 4096

  /// How the gradient of a text's last token fares on its way back through time, to the `<eos>` before the first.
  ///
  /// - Throws: `noTokens`, `tokenOutOfRange`, `limitExceeded` for a text of too many tokens.
  /// - Complexity: one pass over the text, forward and back; it can't be done in slices.
  package func gradientFlow(
    of input: ModelInput, team: ThreadTeam = ThreadTeam()
  ) throws(LanguageModelError) -> GradientFlow {
    let tokens = try tokenizer.tokens(of: input)
    guard !tokens.isEmpty else { throw .noTokens }
    guard tokens.count <= Self.gradientFlowTokenLimit else {
      throw .limitExceeded(what: "tokens", found: tokens.count, limit: Self.gradientFlowTokenLimit)
    }
    do { return try GradientFlow(of: [tokenizer.endOfSequence] + tokens, with: weights, team: team) } catch {
      throw LanguageModelError(error)
    }
  }
}

extension LanguageModelError {
  /// The network's reason to refuse, in this module's words.
  init(_ error: NetworkError) {
    switch error {
    case .badSize(let name, let found):
      self = .limitExceeded(what: name, found: found, limit: NetworkShape.sizeLimit)
    case .badSetting(let name, let found, let expected):
      self = .invalidSetting(name: name, found: "\(found)", expected: expected)
    case .tokenOutOfRange(let found, let size): self = .tokenOutOfRange(token: Int(found), vocabularySize: size)
    case .nothingToPredict: self = .noTokens
    case .diverged(let quantity): self = .diverged(quantity.rawValue)
    }
  }
}
