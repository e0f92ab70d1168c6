package import Kernels
package import Networks
package import Tokenizers

/// What a new model is to be like; what is left out takes the default given here.
///
/// The defaults were chosen by experiment: an empty model of them ranks `dog` first after the one lesson `the man bites the
/// dog`, is nearly certain of it after five, and still knows the first of five sentences after the last was taught. Over
/// AdamW, plain SGD with clipping learns both single sentences and long texts faster, and needs no moments.
package struct CreateSettings: Equatable, Sendable {
  package enum OptimizerName: String, CaseIterable, Sendable { case sgd, adamw }

  package var cell = CellKind.lstm
  /// As many as `hiddenSize` when left out.
  package var embeddingSize: Int?
  package var hiddenSize = 256
  package var layerCount = 1
  package var isTied = false
  package var dropout = 0.0
  package var optimizer = OptimizerName.sgd
  package var seed: UInt64 = 0
  package var precision = ProductPrecision.single
  package var tokenizer = TokenizerKind.word
  /// How many tokens at most; when left out, all that occur in the texts, or `defaultBytePairCount` of byte pairs.
  package var vocabularySize: Int?
  /// Whether teaching adds words; when left out, `word` is open and the others are closed.
  package var isOpen: Bool?

  package init() {}

  package static let learningRateOfSGD = 5.0
  package static let learningRateOfAdamW = 0.002
  package static let clipNorm = 0.25
  package static let defaultBytePairCount = 4096

  /// The model's configuration once its vocabulary's size is known.
  ///
  /// - Throws: `invalidSetting`, `limitExceeded`.
  func configuration(vocabularySize: Int, isOpen: Bool) throws(LanguageModelError) -> ModelConfiguration {
    guard dropout >= 0, dropout < 1 else {
      throw .invalidSetting(name: "dropout", found: "\(dropout)", expected: "a number from 0 to below 1")
    }
    var configuration = ModelConfiguration(
      shape: try ModelConfiguration.shape(
        cell: cell, vocabularySize: vocabularySize, embeddingSize: embeddingSize ?? hiddenSize,
        hiddenSize: hiddenSize, layerCount: layerCount, isTied: isTied))
    configuration.dropout = dropout
    switch optimizer {
    case .sgd:
      configuration.optimizer = .sgd()
      configuration.learningRate = Self.learningRateOfSGD
    case .adamw:
      configuration.optimizer = .adamW()
      configuration.learningRate = Self.learningRateOfAdamW
    }
    configuration.clipNorm = Self.clipNorm
    configuration.hasOpenVocabulary = isOpen
    configuration.seed = seed
    configuration.precision = precision
    return configuration
  }

  /// The tokenizer of the texts.
  ///
  /// - Throws: `notText`, and `invalidSetting` where there is nothing to build a closed vocabulary from.
  func makeTokenizer(_ texts: [[UInt8]]) throws(LanguageModelError) -> Tokenizer {
    if let vocabularySize {
      try ModelConfiguration.check(vocabularySize, in: ModelConfiguration.vocabularySizes, name: "vocabularySize")
    }
    let tokenizer: Tokenizer
    do {
      var builder = TokenizerBuilder(kind: self.tokenizer)
      for (index, text) in texts.enumerated() {
        try ModelCorpus.check(text, source: index)
        builder.add(text.span)
      }
      let size = vocabularySize ?? (self.tokenizer == .byteBPE ? Self.defaultBytePairCount : nil)
      tokenizer = try builder.finish(vocabularySize: size, isOpen: isOpen)
    } catch let error as LanguageModelError {
      throw error
    } catch TokenizerError.vocabularySize(let found, let minimum, let maximum) {
      throw .invalidSetting(name: "vocabularySize", found: "\(found)", expected: "\(minimum) to \(maximum)")
    } catch {
      throw .invalidSetting(name: "text", found: "text that gives no vocabulary", expected: "text")
    }
    guard tokenizer.isOpen || tokenizer.kind == .byteBPE || tokenizer.vocabularySize > 2 else {
      throw .invalidSetting(
        name: "files", found: "no text", expected: "files or text to build the closed vocabulary from")
    }
    return tokenizer
  }
}
