import Networks
import Tokenizers

/// How well a model predicts a text.
package struct ScoreReport: Equatable, Sendable {
  package struct Token: Equatable, Sendable {
    package let id: Int
    /// The token's own text; U+FFFD where its bytes are not whole characters.
    package let text: String
    /// In nats, given all before it.
    package let logProbability: Double
  }

  /// Of the whole text, in nats.
  package let logProbability: Double
  package let tokenCount: Int
  /// How many bytes of UTF-8 the text has; for ids, the text that they decode to.
  package let byteCount: Int
  /// Every token's own, where it was asked for.
  package let perToken: [Token]?

  /// exp of the mean negative log-probability.
  package var perplexity: Double { (-logProbability / Double(tokenCount)).exponential }

  /// How many bits the model needs a byte of text; nil for tokens without text.
  package var bitsPerByte: Double? {
    byteCount > 0 ? -logProbability / (Double(byteCount) * .bit) : nil
  }
}

/// Scores a text of any length, each token given `<eos>` and the tokens before it.
package struct ScoreTask: ReadingTask {
  private let snapshot: ModelSnapshot
  private let tokens: [TokenID]
  private let byteCount: Int
  private let wantsTokens: Bool
  private var position = 0
  private var state: HiddenState?
  private var sum = 0.0
  private var perToken: [ScoreReport.Token] = []

  /// How many tokens are scored at once, so that the output layer's weights are read once for many. Always the same, so
  /// that the result does not depend, in its last bits, on how the caller slices.
  private static let blockLength = 256

  /// - Throws: `noTokens`, `tokenOutOfRange`.
  package init(
    _ input: ModelInput, perToken wantsTokens: Bool = false, in snapshot: ModelSnapshot
  ) throws(LanguageModelError) {
    let tokens = try snapshot.tokenizer.tokens(of: input)
    let byteCount =
      switch input {
      case .text(let text): text.utf8.count
      case .ids: snapshot.tokenizer.decode(tokens).count
      }
    try self.init(tokens: tokens, byteCount: byteCount, wantsTokens: wantsTokens, in: snapshot)
  }

  init(
    tokens: [TokenID], byteCount: Int, wantsTokens: Bool = false, in snapshot: ModelSnapshot
  ) throws(LanguageModelError) {
    guard !tokens.isEmpty else { throw .noTokens }
    self.snapshot = snapshot
    self.tokens = tokens
    self.byteCount = byteCount
    self.wantsTokens = wantsTokens
  }

  /// How many tokens there are, and how many are done.
  package var tokenCount: Int { tokens.count }
  package var doneCount: Int { position }

  package mutating func advance(
    by stepBudget: Int, with reader: ModelReader
  ) throws(LanguageModelError) -> ScoreReport? {
    var state = self.state ?? HiddenState(zeroFor: snapshot.weights.shape)
    if position == 0 {
      reader.evaluator.advance(&state, by: snapshot.tokenizer.endOfSequence, with: snapshot.weights)
    }
    var blocks = max(1, stepBudget / Self.blockLength)
    while blocks > 0, position < tokens.count {
      scoreBlock(from: &state, with: reader)
      blocks -= 1
    }
    self.state = state
    guard position == tokens.count else { return nil }
    return ScoreReport(
      logProbability: sum, tokenCount: tokens.count, byteCount: byteCount, perToken: wantsTokens ? perToken : nil)
  }

  private mutating func scoreBlock(from state: inout HiddenState, with reader: ModelReader) {
    let block = tokens[position..<min(position + Self.blockLength, tokens.count)]
    let scores = reader.evaluator.score(block, from: &state, with: snapshot.weights)
    for (token, score) in zip(block, scores) {
      sum += Double(score)
      if wantsTokens {
        let text = String(decoding: snapshot.tokenizer.bytes(of: token), as: UTF8.self)
        perToken.append(.init(id: Int(token), text: text, logProbability: Double(score)))
      }
    }
    position = block.endIndex
  }
}
