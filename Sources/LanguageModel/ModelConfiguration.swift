package import Kernels
package import Networks

/// What `config.json` says: a model's architecture, and the settings it is taught with.
///
///     {"format_version": 1, "model_type": "rnnd", "rnn_type": "LSTM", "vocab_size": …, "embed_dim": …,
///      "hidden_size": …, "num_layers": …, "tie_word_embeddings": false, "dropout": 0,
///      "optimizer": {"name": "adamw", "learning_rate": 0.002, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.01},
///      "bptt": 35, "clip": {"norm": 0.25}, "open_vocabulary": true, "seed": 0, "precision": "fp32"}
///
/// What a file leaves out: sizes and tying are read off the weights; `rnn_type` is `LSTM`; `dropout` is 0; the optimizer
/// is PyTorch's AdamW (learning rate 0.001, betas 0.9 and 0.999, eps 1e-8, weight decay 0.01; for `sgd` learning rate
/// 0.001, momentum 0, weight decay 0); `bptt` is 35; there is no clipping; `open_vocabulary` is false; `seed` is 0;
/// `precision` is `fp32`. What a call of `create-model` leaves out has defaults of its own: see `CreateSettings`.
package struct ModelConfiguration: Equatable, Sendable {
  package var shape: NetworkShape
  /// The chance that a value between two layers is dropped in training.
  package var dropout: Double = 0
  package var optimizer = Optimizer.adamW()
  package var learningRate = Self.defaultLearningRate
  /// How many time steps gradients are sent back through: the length of a training window.
  package var bptt = Self.defaultBPTT
  /// The greatest global L2 norm of a gradient; a longer one is scaled down to it.
  package var clipNorm: Double?
  /// The greatest magnitude of any number of a gradient.
  package var clipValue: Double?
  /// Whether teaching adds words to the vocabulary.
  package var hasOpenVocabulary = false
  /// What initial weights, those of new words, and dropout are drawn from.
  package var seed: UInt64 = 0
  /// What the matrix products of teaching multiply with; weights, sums and all reading are single precision.
  package var precision = ProductPrecision.single

  package init(shape: NetworkShape) { self.shape = shape }

  package static let formatVersion = 1
  package static let modelType = "rnnd"
  package static let defaultLearningRate = 0.001
  package static let defaultBPTT = 35
}

// MARK: - Memory

extension ModelConfiguration {
  /// About how many bytes the model takes in memory: weights, gradient, the optimizer's moments and what readers read.
  ///
  /// - Parameter vocabularySize: of the model as it would be with another vocabulary; its own when left out.
  package func memoryByteCount(vocabularySize: Int? = nil) -> Int {
    let copies =
      switch optimizer {
      case .sgd(let momentum, _): momentum == 0 ? 3 : 4
      case .adamW: 5
      }
    guard let shape = try? shape.resized(toVocabulary: vocabularySize ?? shape.vocabularySize) else { return .max }
    let (byteCount, isTooLarge) = shape.parameterCount.multipliedReportingOverflow(
      by: copies * MemoryLayout<Float>.stride)
    return isTooLarge ? .max : byteCount
  }

  /// Refuses a model that would take more memory than it may.
  ///
  /// - Throws: `tooLargeForMemory`.
  package func checkMemory(limit: Int) throws(LanguageModelError) {
    let memory = memoryByteCount()
    guard memory <= limit else { throw .tooLargeForMemory(found: memory, limit: limit, wordCount: nil) }
  }

  /// Refuses a vocabulary that has grown so much that the model would take more memory than it may.
  ///
  /// - Throws: `tooLargeForMemory`.
  package func checkMemory(ofVocabulary size: Int, limit: Int) throws(LanguageModelError) {
    guard size > shape.vocabularySize else { return }
    let memory = memoryByteCount(vocabularySize: size)
    guard memory <= limit else { throw .tooLargeForMemory(found: memory, limit: limit, wordCount: size) }
  }
}

// MARK: - Limits

extension ModelConfiguration {
  package static let embeddingSizes = 1...16_384
  package static let hiddenSizes = 1...16_384
  package static let layerCounts = 1...64
  package static let vocabularySizes = 2...(1 << 24)
  package static let bpttLengths = 1...4096
  /// A gibibyte of weights; training takes three to four times as much.
  package static let parameterLimit = 1 << 28

  /// The shape with these sizes, refused when it is out of bounds, before anything of its size is made.
  ///
  /// - Throws: `invalidSetting` under the names of `create-model`'s parameters, `limitExceeded` for too many weights.
  package static func shape(
    cell: CellKind, vocabularySize: Int, embeddingSize: Int, hiddenSize: Int, layerCount: Int, isTied: Bool
  ) throws(LanguageModelError) -> NetworkShape {
    try check(vocabularySize, in: vocabularySizes, name: "vocabularySize")
    try check(embeddingSize, in: embeddingSizes, name: "embeddingSize")
    try check(hiddenSize, in: hiddenSizes, name: "hiddenSize")
    try check(layerCount, in: layerCounts, name: "layers")
    do {
      let shape = try NetworkShape(
        cell: cell, vocabularySize: vocabularySize, embeddingSize: embeddingSize, hiddenSize: hiddenSize,
        layerCount: layerCount, isTied: isTied)
      try checkCount(of: shape)
      return shape
    } catch let error as LanguageModelError {
      throw error
    } catch {
      throw .limitExceeded(what: "weights", found: .max, limit: parameterLimit)
    }
  }

  /// Refuses a shape of too many weights.
  static func checkCount(of shape: NetworkShape) throws(LanguageModelError) {
    guard shape.parameterCount <= parameterLimit else {
      throw .limitExceeded(what: "weights", found: shape.parameterCount, limit: parameterLimit)
    }
  }

  static func check(_ value: Int, in bounds: ClosedRange<Int>, name: String) throws(LanguageModelError) {
    guard bounds.contains(value) else {
      throw .invalidSetting(name: name, found: "\(value)", expected: "\(bounds.lowerBound) to \(bounds.upperBound)")
    }
  }
}
