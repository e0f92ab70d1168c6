import LanguageModel
import Networks

extension ModelSnapshot {
  /// About how many bytes a model takes in memory: weights, gradient, the optimizer's moments and what readers read.
  var memoryByteCount: Int {
    let copies =
      switch configuration.optimizer {
      case .sgd(let momentum, _): momentum == 0 ? 3 : 4
      case .adamW: 5
      }
    return parameterCount * copies * MemoryLayout<Float>.stride
  }

  /// How many weights reading one token and predicting the next one touches.
  var weightsRead: Int { parameterCount - (configuration.shape.isTied ? 0 : embeddingCount) }

  private var embeddingCount: Int { configuration.shape.vocabularySize * configuration.shape.embeddingSize }
}
