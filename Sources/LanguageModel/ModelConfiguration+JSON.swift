package import JSON
import Kernels
import Networks

/// Sizes as the weights themselves tell them, for what `config.json` leaves out.
package struct InferredSizes: Equatable, Sendable {
  package var vocabularySize: Int?
  package var embeddingSize: Int?
  package var hiddenSize: Int?
  package var layerCount: Int?
  package var isTied: Bool?

  package init() {}
}

extension ModelConfiguration {
  /// Reads `config.json`.
  ///
  /// Fields that are not known are ignored, as tools add some of their own, but for those of `neutralValues` and for
  /// those within `optimizer` and `clip`.
  ///
  /// - Throws: `corruptFile` for a field that is missing or of the wrong kind, `unsupported` for one that asks for what
  ///   is not done here.
  package init(json: JSONValue, sizes: InferredSizes = InferredSizes()) throws(LanguageModelError) {
    guard let object = json.object else {
      throw .corruptFile(
        name: ModelFile.configuration.rawValue, reason: "found \(json.kindName), expected an object")
    }
    let fields = ConfigurationFields(object: object)
    try Self.checkHeader(fields)
    self.init(shape: try Self.shape(fields, sizes: sizes))
    dropout = try fields.double("dropout", expected: "a number from 0 to below 1") { $0 >= 0 && $0 < 1 } ?? 0
    bptt = try fields.int("bptt", in: Self.bpttLengths) ?? Self.defaultBPTT
    hasOpenVocabulary = try fields.bool("open_vocabulary") ?? false
    seed =
      try fields.read("seed", expected: "a whole number from 0 to 2⁶⁴ − 1") { value in
        value.number.flatMap { UInt64($0.literal) }
      } ?? 0
    precision = try Self.choice("precision", fields) ?? .single
    try readOptimizer(fields)
    try readClipping(fields)
  }

  /// Fields of other programs that would change what is computed, with the only value each may have.
  static let neutralValues: [(name: String, value: JSONValue)] = [
    ("bidirectional", false), ("bias", true), ("decoder_bias", true), ("proj_size", 0), ("num_directions", 1),
    ("layer_norm", false), ("residual", false), ("attention", false), ("adaptive_softmax", false),
  ]

  private static func checkHeader(_ fields: ConfigurationFields) throws(LanguageModelError) {
    if let version = try fields.int("format_version", in: 0...Int.max), version != formatVersion {
      throw .unsupported(
        file: ModelFile.configuration.rawValue, reason: "found format_version \(version), expected \(formatVersion)")
    }
    if let type = try fields.string("model_type"), type != modelType {
      throw .unsupported(
        file: ModelFile.configuration.rawValue, reason: "found another model_type, expected \(modelType)")
    }
    for (name, value) in neutralValues { try fields.allowOnly(value, for: name) }
  }

  /// A field that names one of a kind's cases.
  private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String, _ fields: ConfigurationFields
  ) throws(LanguageModelError) -> Choice? {
    guard let found = try fields.string(name) else { return nil }
    guard let known = Choice(rawValue: found) else {
      let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw .unsupported(
        file: ModelFile.configuration.rawValue, reason: "found \(name) \(found.prefix(40)), expected one of \(names)")
    }
    return known
  }

  private static func shape(
    _ fields: ConfigurationFields, sizes: InferredSizes
  ) throws(LanguageModelError) -> NetworkShape {
    let cell: CellKind = try choice("rnn_type", fields) ?? .lstm
    func size(_ name: String, _ bounds: ClosedRange<Int>, _ inferred: Int?) throws(LanguageModelError) -> Int {
      guard let size = try fields.int(name, in: bounds) ?? inferred else {
        throw fields.malformed(name, expected: "a whole number")
      }
      return size
    }
    return try shape(
      cell: cell, vocabularySize: try size("vocab_size", vocabularySizes, sizes.vocabularySize),
      embeddingSize: try size("embed_dim", embeddingSizes, sizes.embeddingSize),
      hiddenSize: try size("hidden_size", hiddenSizes, sizes.hiddenSize),
      layerCount: try size("num_layers", layerCounts, sizes.layerCount),
      isTied: try fields.bool("tie_word_embeddings") ?? sizes.isTied ?? false)
  }

  private mutating func readOptimizer(_ fields: ConfigurationFields) throws(LanguageModelError) {
    guard let settings = try fields.object("optimizer") else { return }
    let rate = try settings.double("learning_rate", expected: "a number above 0") { $0 > 0 }
    learningRate = rate ?? Self.defaultLearningRate
    func fraction(_ name: String) throws(LanguageModelError) -> Double? {
      try settings.double(name, expected: "a number from 0 to below 1") { $0 >= 0 && $0 < 1 }
    }
    switch try settings.string("name") ?? "adamw" {
    case "sgd":
      try settings.allowOnly(["name", "learning_rate", "momentum", "weight_decay", "nesterov", "dampening"])
      try settings.allowOnly(false, for: "nesterov")
      try settings.allowOnly(0, for: "dampening")
      optimizer = .sgd(momentum: try fraction("momentum") ?? 0, weightDecay: try fraction("weight_decay") ?? 0)
    case "adamw":
      try settings.allowOnly(["name", "learning_rate", "betas", "eps", "weight_decay", "amsgrad"])
      try settings.allowOnly(false, for: "amsgrad")
      let betas = try settings.read("betas", expected: "two numbers from 0 to below 1") { value -> [Double]? in
        let numbers = value.array?.compactMap(\.double) ?? []
        return numbers.count == 2 && value.array?.count == 2 && numbers.allSatisfy { $0 >= 0 && $0 < 1 } ? numbers : nil
      }
      let epsilon = try settings.double("eps", expected: "a number from 1e-16 to 1") { $0 >= 1e-16 && $0 <= 1 }
      optimizer = .adamW(
        beta1: betas?[0] ?? 0.9, beta2: betas?[1] ?? 0.999, epsilon: epsilon ?? 1e-8,
        weightDecay: try fraction("weight_decay") ?? 0.01)
    case let name:
      throw .unsupported(
        file: ModelFile.configuration.rawValue, reason: "found the optimizer \(name.prefix(40)), expected sgd or adamw")
    }
  }

  private mutating func readClipping(_ fields: ConfigurationFields) throws(LanguageModelError) {
    guard let clip = try fields.object("clip") else { return }
    try clip.allowOnly(["norm", "value"])
    clipNorm = try clip.double("norm", expected: "a number above 0") { $0 > 0 }
    clipValue = try clip.double("value", expected: "a number above 0") { $0 > 0 }
  }
}

// MARK: - Writing

extension ModelConfiguration {
  /// `config.json` with nothing left out but a `clip` that isn't there.
  package func json() -> JSONValue {
    var object: JSONObject = [
      "format_version": JSONValue(Self.formatVersion), "model_type": JSONValue(Self.modelType),
      "rnn_type": JSONValue(shape.cell.rawValue), "vocab_size": JSONValue(shape.vocabularySize),
      "embed_dim": JSONValue(shape.embeddingSize), "hidden_size": JSONValue(shape.hiddenSize),
      "num_layers": JSONValue(shape.layerCount), "tie_word_embeddings": JSONValue(shape.isTied),
      "dropout": JSONValue(finite: dropout), "optimizer": .object(optimizerJSON), "bptt": JSONValue(bptt),
    ]
    var clip = JSONObject()
    if let clipNorm { clip["norm"] = JSONValue(finite: clipNorm) }
    if let clipValue { clip["value"] = JSONValue(finite: clipValue) }
    if !clip.isEmpty { object["clip"] = .object(clip) }
    object["open_vocabulary"] = JSONValue(hasOpenVocabulary)
    object["seed"] = JSONValue(seed)
    object["precision"] = JSONValue(precision.rawValue)
    return .object(object)
  }

  private var optimizerJSON: JSONObject {
    switch optimizer {
    case .sgd(let momentum, let weightDecay):
      [
        "name": "sgd", "learning_rate": JSONValue(finite: learningRate), "momentum": JSONValue(finite: momentum),
        "weight_decay": JSONValue(finite: weightDecay),
      ]
    case .adamW(let beta1, let beta2, let epsilon, let weightDecay):
      [
        "name": "adamw", "learning_rate": JSONValue(finite: learningRate),
        "betas": [JSONValue(finite: beta1), JSONValue(finite: beta2)], "eps": JSONValue(finite: epsilon),
        "weight_decay": JSONValue(finite: weightDecay),
      ]
    }
  }
}
