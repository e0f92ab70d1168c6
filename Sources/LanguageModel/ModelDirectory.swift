import JSON
package import Kernels
import Networks
import Safetensors
import System
import Tokenizers

/// A model's files.
///
///     NAME/ (0700)  config.json · tokenizer.json · model.safetensors · optimizer.safetensors   (0600 each)
///
/// The four change together: each new one is written whole beside the old (`config.json.next`), then `save.json` is put in
/// place, which says that the new ones count, then they take their names, then `save.json` goes. Whatever stops this
/// between two steps, the directory holds one whole model: the old one before `save.json` is there, the new one after.
/// Reading never writes; the next save finishes what an earlier one began.
package struct ModelDirectory: Sendable {
  package let path: String

  package init(path: String) { self.path = path }

  /// The names of new files before they count, and of the note that they do.
  static func stagedName(_ file: ModelFile) -> String { file.rawValue + ".next" }
  static let noteName = "save.json"

  private static let configurationByteLimit = 1 << 20
  private static let tokenizerByteLimit = 1 << 28

  /// Whether there is a model.
  package var holdsModel: Bool {
    guard let location = try? currentPath(of: .configuration) else { return false }
    return FileSystem.exists(location)
  }

  func join(_ name: String) -> String { FileSystem.join(path, name) }

  /// Where a file's present content lies: under its own name, unless a save was stopped before it came there.
  func currentPath(of file: ModelFile) throws(LanguageModelError) -> String {
    let staged = join(Self.stagedName(file))
    return try pendingFiles()?.contains(file) == true && FileSystem.exists(staged) ? staged : join(file.rawValue)
  }

  /// The files that a save was about to put in place when it was stopped; nil when none was.
  func pendingFiles() throws(LanguageModelError) -> [ModelFile]? {
    guard let bytes = try read(join(Self.noteName), as: Self.noteName, byteLimit: Self.configurationByteLimit) else {
      return nil
    }
    let damaged = LanguageModelError.corruptFile(name: Self.noteName, reason: "found no list of files, expected one")
    guard let names = (try? JSONValue.parse(bytes))?["replace"]?.array else { throw damaged }
    var files: [ModelFile] = []
    for name in names {
      guard let file = name.string.flatMap(ModelFile.init(rawValue:)) else { throw damaged }
      files.append(file)
    }
    return files
  }

  /// A file's bytes; nil when it isn't there.
  private func read(_ path: String, as name: String, byteLimit: Int) throws(LanguageModelError) -> [UInt8]? {
    do { return try FileSystem.readFile(path, byteLimit: byteLimit) } catch {
      if error.isMissing { return nil }
      if case .tooLarge = error {
        throw .corruptFile(name: name, reason: "found more than \(byteLimit) bytes, expected fewer")
      }
      throw .storage(error)
    }
  }

  private func json(_ file: ModelFile, byteLimit: Int) throws(LanguageModelError) -> JSONValue {
    guard let bytes = try read(try currentPath(of: file), as: file.rawValue, byteLimit: byteLimit) else {
      throw .missingFile(file.rawValue)
    }
    do { return try JSONValue.parse(bytes) } catch { throw .corruptFile(name: file.rawValue, reason: "\(error)") }
  }
}

// MARK: - Loading

extension ModelDirectory {
  /// Loads the model, or imports one that PyTorch and Hugging Face `tokenizers` wrote: then there is no
  /// `optimizer.safetensors`, and its state begins anew at step 0.
  ///
  /// - Parameter team: the threads that will compute; the caller's alone when left out.
  /// - Throws: `missingFile`, `corruptFile`, `unsupported`, `limitExceeded`, `storage`.
  package func load(team: ThreadTeam = ThreadTeam()) throws(LanguageModelError) -> ModelTeacher {
    let settings = try json(.configuration, byteLimit: Self.configurationByteLimit)
    let weights = try TensorSource(.weights, at: try currentPath(of: .weights))
    var sizes = InferredSizes(weights.entries)
    let tokenizer = try loadTokenizer(isOpen: settings["open_vocabulary"]?.bool ?? false)
    if sizes.vocabularySize == nil { sizes.vocabularySize = tokenizer.vocabularySize }
    let configuration: ModelConfiguration
    do { configuration = try ModelConfiguration(json: settings, sizes: sizes) } catch {
      throw Self.asFileError(error)
    }
    let size = configuration.shape.vocabularySize
    guard tokenizer.vocabularySize == size else {
      throw .corruptFile(
        name: ModelFile.tokenizer.rawValue,
        reason: "found \(tokenizer.vocabularySize) tokens, expected \(size) as the configuration says")
    }
    return ModelTeacher(
      configuration, tokenizer, try loadTrainer(configuration, weights: weights, team: team), team: team)
  }

  private func loadTokenizer(isOpen: Bool) throws(LanguageModelError) -> Tokenizer {
    let json = try json(.tokenizer, byteLimit: Self.tokenizerByteLimit)
    do { return try Tokenizer(json: json, isOpen: isOpen) } catch {
      if case .unsupported = error { throw .unsupported(file: ModelFile.tokenizer.rawValue, reason: "\(error)") }
      throw .corruptFile(name: ModelFile.tokenizer.rawValue, reason: "\(error)")
    }
  }

  private func loadTrainer(
    _ configuration: ModelConfiguration, weights: TensorSource, team: ThreadTeam
  ) throws(LanguageModelError) -> Trainer {
    let layout = ParameterLayout(shape: configuration.shape)
    let alias = try TiedWeights(weights, isTied: configuration.shape.isTied)
    try weights.check(against: alias.expected(layout.entries.map { ($0.name, $0.dimensions) }))
    let moments = try loadOptimizer(configuration, layout: layout)
    let trainer = try Trainer(
      restoring: configuration.shape, optimizer: configuration.optimizer, dropout: configuration.dropout,
      seed: configuration.seed, step: moments?.step ?? 0, team: team, refusal: LanguageModelError.init
    ) { tensor throws(LanguageModelError) in
      if layout[tensor.name] != nil {
        tensor.values.copy(from: try alias.take(tensor.name))
      } else if let moments {
        tensor.values.copy(from: try moments.source.take(tensor.name))
      }
    }
    return trainer
  }

  /// The optimizer's file, checked; nil when there is none.
  private func loadOptimizer(
    _ configuration: ModelConfiguration, layout: ParameterLayout
  ) throws(LanguageModelError) -> (source: TensorSource, step: Int)? {
    let path = try currentPath(of: .optimizer)
    guard FileSystem.exists(path) else { return nil }
    let source = try TensorSource(.optimizer, at: path)
    guard let step = source.metadata("step").flatMap({ Int($0) }), step >= 0 else {
      throw source.corrupt("found no count of steps in the metadata")
    }
    let prefixes = configuration.optimizer.momentPrefixes
    try source.check(
      against: prefixes.flatMap { prefix in layout.entries.map { (prefix + $0.name, $0.dimensions) } })
    return (source, step)
  }

  /// What is out of bounds in a file is that file's fault, not a caller's.
  private static func asFileError(_ error: LanguageModelError) -> LanguageModelError {
    guard case .invalidSetting(let name, let found, let expected) = error else { return error }
    return .corruptFile(
      name: ModelFile.configuration.rawValue, reason: "found \(found) for \(name), expected \(expected)")
  }
}

/// The one matrix of a tied network, under either name that PyTorch's savers leave it, or under both.
private struct TiedWeights {
  private static let encoder = "encoder.weight"
  private static let decoder = "decoder.weight"

  private let source: TensorSource
  private let hasDecoder: Bool
  private let hasEncoder: Bool

  init(_ source: TensorSource, isTied: Bool) throws(LanguageModelError) {
    self.source = source
    let names = Set(source.entries.map(\.name))
    hasDecoder = isTied && names.contains(Self.decoder)
    hasEncoder = names.contains(Self.encoder)
  }

  /// The tensors that the file must have, given those that the network has.
  func expected(_ tensors: [(name: String, dimensions: [Int])]) -> [(name: String, dimensions: [Int])] {
    guard hasDecoder, let encoder = tensors.first(where: { $0.name == Self.encoder }) else { return tensors }
    let others = tensors.filter { hasEncoder || $0.name != Self.encoder }
    return others + [(Self.decoder, encoder.dimensions)]
  }

  func take(_ name: String) throws(LanguageModelError) -> [Float] {
    guard hasDecoder, name == Self.encoder else { return try source.take(name) }
    let decoder = try source.take(Self.decoder)
    guard hasEncoder else { return decoder }
    let encoder = try source.take(Self.encoder)
    guard encoder == decoder else {
      throw source.corrupt("found different values for encoder.weight and decoder.weight, expected the same, tied")
    }
    return encoder
  }
}

extension InferredSizes {
  /// Sizes as the shapes of tensors tell them.
  init(_ entries: [SafetensorsHeader.Entry]) {
    self.init()
    func shape(_ name: String, rank: Int) -> [Int]? {
      entries.first { $0.name == name && $0.shape.count == rank }?.shape
    }
    let embedding = shape("encoder.weight", rank: 2) ?? shape("decoder.weight", rank: 2)
    vocabularySize = embedding?[0]
    embeddingSize = shape("rnn.weight_ih_l0", rank: 2)?[1] ?? embedding?[1]
    hiddenSize = shape("rnn.weight_hh_l0", rank: 2)?[1]
    layerCount = entries.count { $0.name.hasPrefix("rnn.weight_hh_l") }
    isTied = !(entries.contains { $0.name == "encoder.weight" } && entries.contains { $0.name == "decoder.weight" })
  }
}
