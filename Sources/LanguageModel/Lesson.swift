import Networks

/// What a `train-step` teaches: one text, or a batch of sequences that are independent of each other.
package struct Lesson: Equatable, Sendable {
  package var sequences: [ModelInput]
  /// What is left out is as the model's configuration says.
  package var learningRate: Double?
  package var clipNorm: Double?
  package var clipValue: Double?
  package var bptt: Int?
  /// Where an earlier lesson of the same number of sequences ended, to go on from; nil to begin anew.
  package var carry: CarryState?

  package init(_ sequences: [ModelInput], carry: CarryState? = nil) {
    self.sequences = sequences
    self.carry = carry
  }

  /// More sequences at once are refused.
  package static let sequenceLimit = 256
  /// More tokens in one update are refused.
  package static let updateTokenLimit = 16_384
}

/// The hidden states in which a lesson ended, and the tokens that were still to be read.
package struct CarryState: Equatable, Sendable {
  let states: BatchState
  let lastTokens: [TokenID]
}

/// What a lesson came to.
package struct LessonReport: Equatable, Sendable {
  /// Mean nats a predicted token, each before the update that learned from it.
  package let loss: Double
  /// How many tokens were predicted.
  package let tokenCount: Int
  /// How many updates there were: one for each window of `bptt` tokens.
  package let updateCount: Int
  /// The greatest global L2 norm of any update's gradient, before clipping.
  package let gradientNorm: Double
  /// Whether clipping changed any update's gradient.
  package let isClipped: Bool
  /// The model's count of updates afterwards.
  package let step: Int
  /// How many words joined the vocabulary.
  package let newWordCount: Int
  /// Where a lesson with `carry` goes on; nil of an answer that was only remembered.
  package let carry: CarryState?

  package var perplexity: Double { loss.exponential }
}
