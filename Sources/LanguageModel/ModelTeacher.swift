package import Kernels
import Networks
package import Tokenizers

/// Teaches one model: owns its weights, its optimizer's state and its vocabulary. Not `Sendable`: one thread at a time.
///
/// The same lessons from the same beginning give the same bits. A lesson that fails or is cancelled has changed nothing.
package final class ModelTeacher {
  package private(set) var configuration: ModelConfiguration
  package private(set) var tokenizer: Tokenizer
  let trainer: Trainer
  /// The threads that compute.
  let team: ThreadTeam
  private let modelID = UniqueNumber.next()
  /// What was published last; nil when something was learned since.
  private var published: ModelSnapshot?
  private var pieces: PieceTable?
  private var compactor = WeightsCompactor()

  /// Makes a new model.
  ///
  /// - Parameters:
  ///   - texts: to build the vocabulary from, UTF-8. Nothing is learned from them yet.
  ///   - memoryByteLimit: how much memory the model may take.
  ///   - team: the threads that compute; the caller's alone when left out.
  /// - Throws: `invalidSetting`, `limitExceeded`, `tooLargeForMemory`, `notText`.
  package convenience init(
    _ settings: CreateSettings, texts: [[UInt8]] = [], memoryByteLimit: Int = .max, team: ThreadTeam = ThreadTeam()
  ) throws(LanguageModelError) {
    let tokenizer = try settings.makeTokenizer(texts)
    let configuration = try settings.configuration(
      vocabularySize: tokenizer.vocabularySize, isOpen: tokenizer.isOpen)
    try configuration.checkMemory(limit: memoryByteLimit)
    let trainer: Trainer
    do {
      trainer = try Trainer(
        shape: configuration.shape, optimizer: configuration.optimizer, dropout: configuration.dropout,
        seed: configuration.seed, precision: configuration.precision, team: team)
    } catch { throw LanguageModelError(error) }
    self.init(configuration, tokenizer, trainer, team: team)
  }

  /// - Precondition: configuration, tokenizer and trainer agree on the vocabulary's size.
  init(_ configuration: ModelConfiguration, _ tokenizer: Tokenizer, _ trainer: Trainer, team: ThreadTeam) {
    precondition(
      configuration.shape == trainer.shape && tokenizer.vocabularySize == trainer.shape.vocabularySize,
      "ModelTeacher: parts of different models")
    self.configuration = configuration
    self.tokenizer = tokenizer
    self.trainer = trainer
    self.team = team
  }

  /// Makes a second model that is as the first one was.
  package convenience init(_ image: ModelImage, team: ThreadTeam = ThreadTeam()) throws(LanguageModelError) {
    let configuration = image.configuration
    var values = (image.weights.tensors + image.moments.tensors)[...]
    let trainer = try Trainer(
      restoring: configuration.shape, optimizer: configuration.optimizer, dropout: configuration.dropout,
      seed: configuration.seed, step: image.step, bound: image.bound, precision: configuration.precision, team: team,
      refusal: LanguageModelError.init
    ) { tensor throws(LanguageModelError) in
      // Both come in the order of the layout.
      if let source = values.popFirst() { tensor.values.copy(from: source.values) }
    }
    self.init(configuration, image.tokenizer, trainer, team: team)
  }

  /// How many updates the model has had.
  package var step: Int { trainer.step }

  /// The model as it is now, for readers on any thread; the same one until something is learned.
  ///
  /// - Complexity: one pass over the weights, which are made ready for predicting.
  package func snapshot() -> ModelSnapshot {
    if let published { return published }
    if !tokenizer.kind.isWordLike, pieces?.count != tokenizer.vocabularySize { pieces = PieceTable(tokenizer) }
    let snapshot = ModelSnapshot(
      configuration: configuration, tokenizer: tokenizer, served: compactor.compact(trainer.snapshot(), team: team),
      step: trainer.step, modelID: modelID, pieces: pieces)
    published = snapshot
    return snapshot
  }
}

// MARK: - Changing

extension ModelTeacher {
  /// Makes ready at once what the next lesson writes to, so that it is done sooner.
  package func prepareForLesson() { trainer.prepareForUpdate() }

  /// Makes the network as large as a vocabulary that has grown.
  ///
  /// - Throws: `limitExceeded`; then nothing has changed.
  func grow(to tokenizer: Tokenizer) throws(LanguageModelError) {
    guard tokenizer.vocabularySize > trainer.shape.vocabularySize else { return }
    do {
      let shape = try trainer.shape.resized(toVocabulary: tokenizer.vocabularySize)
      try ModelConfiguration.checkCount(of: shape)
      try trainer.grow(toVocabulary: tokenizer.vocabularySize)
    } catch let error as LanguageModelError {
      throw error
    } catch let error as NetworkError {
      throw LanguageModelError(error)
    } catch {
      throw .limitExceeded(what: "words", found: tokenizer.vocabularySize, limit: NetworkShape.sizeLimit)
    }
  }

  /// Takes over the vocabulary that was learned with, once all of it went well.
  func commit(_ tokenizer: Tokenizer) {
    self.tokenizer = tokenizer
    configuration.shape = trainer.shape
    published = nil
  }

  /// Says that the weights have changed.
  func noteChange() { published = nil }

  /// Gives back what only teaching needs; the next lesson takes it again.
  package func releaseWorkspace() {
    trainer.releaseWorkspace()
    compactor.releaseSpare()
  }

  /// Undoes growth whose words were not learned after all.
  func shrinkToVocabulary() { trainer.shrink(toVocabulary: tokenizer.vocabularySize) }
}
