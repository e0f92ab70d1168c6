import LanguageModel
import Networks

extension ModelSnapshot {
  /// About how many bytes a model takes in memory: weights, gradient, the optimizer's moments and what readers read.
  var memoryByteCount: Int { configuration.memoryByteCount() }

  /// How many weights reading one token and predicting the next one touches.
  var weightsRead: Int { parameterCount - (configuration.shape.isTied ? 0 : embeddingCount) }

  private var embeddingCount: Int { configuration.shape.vocabularySize * configuration.shape.embeddingSize }
}
