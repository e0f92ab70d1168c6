import JSON
import Kernels
import LanguageModel
import RPC
import System
import Tokenizers

extension Call {
  static let createModel = Call(
    "create-model", summary: "Makes a model, with a vocabulary built from files or a text.",
    discussion: """
      An open vocabulary (`word`, unless said otherwise) may begin empty and grows as the model is taught; the others need \
      text to be built from, but for `byte-bpe`, which knows every byte. Nothing is learned from the texts yet.
      """,
    parameters: [
      Common.name.parameter, CreateModel.architecture.parameter, CreateModel.nonlinearity.parameter,
      CreateModel.embeddingSize.parameter, CreateModel.hiddenSize.parameter, CreateModel.layers.parameter,
      CreateModel.tied.parameter, CreateModel.dropout.parameter, CreateModel.optimizer.parameter,
      CreateModel.seed.parameter, CreateModel.precision.parameter, CreateModel.tokenizer.parameter,
      CreateModel.vocabularySize.parameter,
      CreateModel.openVocabulary.parameter, Common.files.parameter, Common.text.parameter,
    ], alternatives: [.atMostOne("files", "text")], positional: ["name"], result: Common.description,
    example: ["name": "story", "architecture": "gru", "hiddenSize": 64, "text": "once upon a time"],
    afterHangUp: .isFinished
  ) { (invocation) async throws(RPCError) in
    let (settings, texts) = try (CreateModel.settings(invocation), CreateModel.texts(invocation))
    let model = try await invocation.service.models.create(
      invocation[Common.name], from: .new(settings, texts), unless: invocation.cancellation)
    return try await model.description(unless: invocation.cancellation)
  }
}

private enum CreateModel {
  static let defaults = CreateSettings()

  static let architecture = Field.string(
    "architecture", of: .choice(Architecture.allCases.map(\.rawValue)), default: Architecture.lstm.rawValue,
    "The kind of network.")
  static let nonlinearity = Field.string(
    "nonlinearity", of: .choice(Architecture.Nonlinearity.allCases.map(\.rawValue)),
    "Of an Elman network; tanh when left out.")
  static let embeddingSize = Field.integer(
    "embeddingSize", in: ModelConfiguration.embeddingSizes,
    "Numbers of a token's embedding; as hiddenSize when left out.")
  static let hiddenSize = Field.integer(
    "hiddenSize", in: ModelConfiguration.hiddenSizes, default: defaults.hiddenSize,
    "Numbers of a layer's hidden state.")
  static let layers = Field.integer(
    "layers", in: ModelConfiguration.layerCounts, default: defaults.layerCount, "How many layers.")
  static let tied = Field.flag("tied", "Whether the output layer shares the embedding's weights.")
  static let dropout = Field.number(
    "dropout", .from(0, through: 0.99), default: defaults.dropout,
    "The chance that a value between layers is dropped in training.")
  static let optimizer = Field.string(
    "optimizer", of: .choice(CreateSettings.OptimizerName.allCases.map(\.rawValue)),
    default: defaults.optimizer.rawValue,
    "How weights follow their gradients.")
  static let seed = Field.integer("seed", in: 0...Int.max, default: 0, "What the first weights are drawn from.")
  static let precision = Field.string(
    "precision", of: .choice(ProductPrecision.allCases.map(\.rawValue)), default: defaults.precision.rawValue,
    "What teaching multiplies with: bf16 halves the time where the processor has AVX-512 BF16, and takes longer elsewhere; "
      + "weights, sums and answers stay fp32.")
  static let tokenizer = Field.string(
    "tokenizer", of: .choice(TokenizerKind.allCases.map(\.rawValue)), default: defaults.tokenizer.rawValue,
    "How text is cut into tokens.")
  static let vocabularySize = Field.integer(
    "vocabularySize", in: ModelConfiguration.vocabularySizes, "How many tokens at most; all that occur when left out.")
  static let openVocabulary = Field.boolean(
    "openVocabulary", "Whether teaching adds words; true for `word`, else false, when left out.")

  static func settings(_ invocation: Invocation) throws(RPCError) -> CreateSettings {
    var settings = CreateSettings()
    let kind = Architecture(rawValue: try invocation[architecture]) ?? .lstm
    let shape = try invocation[nonlinearity].flatMap(Architecture.Nonlinearity.init)
    guard shape == nil || kind == .elman else {
      throw .invalidParams(
        path: "nonlinearity", "found nonlinearity with the architecture \(kind.rawValue), expected it only with elman")
    }
    settings.cell = kind.cell(shape)
    settings.embeddingSize = try invocation[embeddingSize]
    settings.hiddenSize = try invocation[hiddenSize]
    settings.layerCount = try invocation[layers]
    settings.isTied = try invocation[tied]
    settings.dropout = try invocation[dropout]
    settings.optimizer = CreateSettings.OptimizerName(rawValue: try invocation[optimizer]) ?? settings.optimizer
    settings.seed = UInt64(try invocation[seed])
    settings.precision = ProductPrecision(rawValue: try invocation[precision]) ?? settings.precision
    settings.tokenizer = TokenizerKind(rawValue: try invocation[tokenizer]) ?? settings.tokenizer
    settings.vocabularySize = try invocation[vocabularySize]
    settings.isOpen = try invocation[openVocabulary]
    return settings
  }

  static func texts(_ invocation: Invocation) throws(RPCError) -> TextSource {
    if let paths = try invocation[Common.files] { return .files(paths) }
    return try invocation[Common.text].map(TextSource.text) ?? .nothing
  }
}
