package import Networks
import Synchronization
package import Tokenizers

/// A model at one moment: what readers need, immutable, for any number of threads.
///
/// An object, as every question passes it from hand to hand, and it has more parts than a question takes microseconds.
package final class ModelSnapshot: Sendable {
  package let configuration: ModelConfiguration
  package let tokenizer: Tokenizer
  /// The weights, ready for predicting.
  package let served: ServedWeights
  /// How many updates the model has had.
  package let step: Int
  /// Differs between any two publications of this process, and rises: what is remembered under one is never used under
  /// another.
  package let generation: UInt64
  /// The same for all snapshots of one model in memory, differs between models.
  package let modelID: UInt64
  /// How the tokens of a model that searches for words begin; nil where tokens are words.
  let pieces: PieceTable?

  init(
    configuration: ModelConfiguration, tokenizer: Tokenizer, served: ServedWeights, step: Int, modelID: UInt64,
    pieces: PieceTable?
  ) {
    precondition(served.shape.vocabularySize == tokenizer.vocabularySize, "ModelSnapshot: vocabularies differ")
    self.configuration = configuration
    self.tokenizer = tokenizer
    self.served = served
    self.step = step
    self.modelID = modelID
    self.pieces = pieces
    generation = UniqueNumber.next()
  }

  /// The weights as they are.
  package var weights: WeightsSnapshot { served.snapshot }

  /// How many weights the model has.
  package var parameterCount: Int { weights.shape.parameterCount }
}

/// Numbers that no one else in the process gets.
enum UniqueNumber {
  private static let last = Atomic<UInt64>(0)

  static func next() -> UInt64 { last.add(1, ordering: .relaxed).newValue }
}
