import JSON
import Kernels
import Networks
import Safetensors
import Tokenizers

/// Where a model's files are read from.
protocol ModelFileSource {
  /// A file's content; nil when it isn't there.
  func bytes(of file: ModelFile, byteLimit: Int) throws(LanguageModelError) -> [UInt8]?

  /// The tensors of a file; nil when it isn't there.
  func tensors(of file: ModelFile) throws(LanguageModelError) -> TensorSource?
}

/// Makes a model of its files.
struct ModelLoader {
  let files: any ModelFileSource

  static let configurationByteLimit = 1 << 20
  private static let tokenizerByteLimit = 1 << 28

  /// - Parameters:
  ///   - bound: what was known of the magnitudes; measured when left out.
  ///   - memoryByteLimit: how much memory the model may take. It is compared with what the configuration and the weights'
  ///     header say, before anything of the model's size is made.
  /// - Throws: `missingFile`, `corruptFile`, `unsupported`, `limitExceeded`, `tooLargeForMemory`, `storage`.
  func load(
    bound: MagnitudeBound? = nil, memoryByteLimit: Int, team: ThreadTeam
  ) throws(LanguageModelError) -> ModelTeacher {
    let settings = try json(.configuration, byteLimit: Self.configurationByteLimit)
    if let stated = try? ModelConfiguration(json: settings) { try stated.checkMemory(limit: memoryByteLimit) }
    guard let weights = try files.tensors(of: .weights) else { throw .missingFile(ModelFile.weights.rawValue) }
    var sizes = InferredSizes(weights.entries)
    let isOpen = settings["open_vocabulary"]?.bool ?? false
    var known: Tokenizer?
    if sizes.vocabularySize == nil {
      known = try loadTokenizer(isOpen: isOpen)
      sizes.vocabularySize = known?.vocabularySize
    }
    let configuration: ModelConfiguration
    do { configuration = try ModelConfiguration(json: settings, sizes: sizes) } catch {
      throw Self.asFileError(error)
    }
    try configuration.checkMemory(limit: memoryByteLimit)
    let tokenizer = if let known { known } else { try loadTokenizer(isOpen: isOpen) }
    let size = configuration.shape.vocabularySize
    guard tokenizer.vocabularySize == size else {
      throw .corruptFile(
        name: ModelFile.tokenizer.rawValue,
        reason: "found \(tokenizer.vocabularySize) tokens, expected \(size) as the configuration says")
    }
    return ModelTeacher(
      configuration, tokenizer, try loadTrainer(configuration, weights: weights, bound: bound, team: team), team: team)
  }

  func json(_ file: ModelFile, byteLimit: Int) throws(LanguageModelError) -> JSONValue {
    guard let bytes = try files.bytes(of: file, byteLimit: byteLimit) else { throw .missingFile(file.rawValue) }
    do { return try JSONValue.parse(bytes) } catch { throw .corruptFile(name: file.rawValue, reason: "\(error)") }
  }

  private func loadTokenizer(isOpen: Bool) throws(LanguageModelError) -> Tokenizer {
    let json = try json(.tokenizer, byteLimit: Self.tokenizerByteLimit)
    do { return try Tokenizer(json: json, isOpen: isOpen) } catch {
      if case .unsupported = error { throw .unsupported(file: ModelFile.tokenizer.rawValue, reason: "\(error)") }
      throw .corruptFile(name: ModelFile.tokenizer.rawValue, reason: "\(error)")
    }
  }

  private func loadTrainer(
    _ configuration: ModelConfiguration, weights: TensorSource, bound: MagnitudeBound?, team: ThreadTeam
  ) throws(LanguageModelError) -> Trainer {
    let layout = ParameterLayout(shape: configuration.shape)
    let alias = try TiedWeights(weights, isTied: configuration.shape.isTied)
    try weights.check(against: alias.expected(layout.entries.map { ($0.name, $0.dimensions) }))
    let moments = try loadOptimizer(configuration, layout: layout)
    let trainer = try Trainer(
      restoring: configuration.shape, optimizer: configuration.optimizer, dropout: configuration.dropout,
      seed: configuration.seed, step: moments?.step ?? 0, bound: bound, precision: configuration.precision, team: team,
      refusal: LanguageModelError.init
    ) { tensor throws(LanguageModelError) in
      if layout[tensor.name] != nil {
        try alias.take(tensor.name, into: tensor.values)
      } else if let moments {
        try moments.source.take(tensor.name, into: tensor.values)
      }
    }
    return trainer
  }

  /// The optimizer's file, checked; nil when there is none.
  private func loadOptimizer(
    _ configuration: ModelConfiguration, layout: ParameterLayout
  ) throws(LanguageModelError) -> (source: TensorSource, step: Int)? {
    guard let source = try files.tensors(of: .optimizer) else { return nil }
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

  func take(_ name: String, into target: Vector) throws(LanguageModelError) {
    guard hasDecoder, name == Self.encoder else { return try source.take(name, into: target) }
    try source.take(Self.decoder, into: target)
    guard hasEncoder else { return }
    let encoder = FloatBuffer(count: target.count).all
    try source.take(Self.encoder, into: encoder)
    guard encoder.array == target.array else {
      throw source.corrupt("found different values for encoder.weight and decoder.weight, expected the same, tied")
    }
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
