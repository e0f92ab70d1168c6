import JSON
import Kernels
import LanguageModel
import Networks
import RPC
import System
import Tokenizers

/// Parameters that several calls have.
enum Common {
  static let model = Field.string(
    "model", default: ModelRegistry.defaultName, "The model; it is loaded if it is not in memory.")
  static let name = Field.required("name", "The model's name: up to 64 letters, digits, '.', '_' and '-'.")
  static let text = Field.string("text", of: .text, "The text.")
  static let ids = Field.integers("ids", in: 0...Int(Int32.max), count: 0...Int.max, "Token ids instead of text.")
  static let progress = Field.flag("progress", "Whether `$/progress` notifications are wanted.")
  static let files = Field.strings("files", of: .path, count: 1...1_024, "Absolute paths of text files in UTF-8.")
  static let path = Field.required("path", of: .path, "The absolute path of a model directory.")
  static let wholeNumbers = 1...Int.max

  /// What every call that describes a model answers.
  static let description = [
    ResultField("name", "The model's name."),
    ResultField("architecture", "`elman`, `gru` or `lstm`."),
    ResultField("nonlinearity", "`tanh` or `relu`; of an Elman network.", isAlwaysThere: false),
    ResultField("vocabularySize", "How many tokens it knows."),
    ResultField("embeddingSize", "Numbers of a token's embedding."),
    ResultField("hiddenSize", "Numbers of a layer's hidden state."),
    ResultField("layers", "How many layers."),
    ResultField("tied", "Whether the output layer shares the embedding's weights."),
    ResultField("dropout", "The chance that a value between layers is dropped in training."),
    ResultField("parameters", "How many weights."),
    ResultField("tokenizer", "`word`, `whitespace`, `byte-bpe` or `character`."),
    ResultField("openVocabulary", "Whether teaching adds words."),
    ResultField("optimizer", "`sgd` or `adamw`."),
    ResultField("learningRate", "The learning rate of lessons that don't name one."),
    ResultField("precision", "What teaching multiplies with: `fp32` or `bf16`."),
    ResultField("bptt", "How many tokens an update goes back through."),
    ResultField("clipNorm", "The norm that gradients are clipped to.", isAlwaysThere: false),
    ResultField("clipValue", "The magnitude that gradients are clipped to.", isAlwaysThere: false),
    ResultField("step", "How many updates it has had."),
    ResultField("memoryBytes", "About how much memory it takes."),
    ResultField("dirty", "Whether it has learned something that its journal has, but no checkpoint yet."),
    ResultField("readOnly", "Whether nothing can be taught for now, as the disk refuses what is written."),
    ResultField("training", "Whether a `train` is under way."),
    ResultField("directory", "Where it lies."),
  ]
}

extension Invocation {
  /// The model that the request is about.
  @EventLoop
  func model() throws(RPCError) -> Model { try service.models.model(self[Common.model]) }

  /// The request's text or ids; the table has seen to it that there is one of them.
  func input() throws(RPCError) -> ModelInput {
    if let ids = try self[Common.ids] { return .ids(ids) }
    return .text(try self[Common.text] ?? "")
  }
}

extension Model {
  /// The description that calls about models answer with.
  func description(unless cancellation: Cancellation?) async throws(RPCError) -> JSONValue {
    .object(description(of: try await snapshot(unless: cancellation)))
  }

  func description(of snapshot: ModelSnapshot) -> JSONObject {
    let configuration = snapshot.configuration
    var result: JSONObject = ["name": .string(name)]
    describeShape(configuration, into: &result)
    result["parameters"] = JSONValue(snapshot.parameterCount)
    result["tokenizer"] = .string(snapshot.tokenizer.kind.rawValue)
    result["openVocabulary"] = .bool(snapshot.tokenizer.isOpen)
    switch configuration.optimizer {
    case .sgd: result["optimizer"] = .string(CreateSettings.OptimizerName.sgd.rawValue)
    case .adamW: result["optimizer"] = .string(CreateSettings.OptimizerName.adamw.rawValue)
    }
    result["learningRate"] = JSONValue(finite: configuration.learningRate)
    result["precision"] = .string(configuration.precision.rawValue)
    result["bptt"] = JSONValue(configuration.bptt)
    result["clipNorm"] = configuration.clipNorm.map { JSONValue(finite: $0) }
    result["clipValue"] = configuration.clipValue.map { JSONValue(finite: $0) }
    result["step"] = JSONValue(snapshot.step)
    result["memoryBytes"] = JSONValue(snapshot.memoryByteCount)
    result["dirty"] = .bool(isDirty)
    result["readOnly"] = .bool(failure != nil)
    result["training"] = .bool(isTraining)
    result["directory"] = .string(directory.path)
    return result
  }

  private func describeShape(_ configuration: ModelConfiguration, into result: inout JSONObject) {
    let shape = configuration.shape
    let (architecture, nonlinearity) = Architecture.names(of: shape.cell)
    result["architecture"] = .string(architecture.rawValue)
    result["nonlinearity"] = nonlinearity.map { .string($0.rawValue) }
    result["vocabularySize"] = JSONValue(shape.vocabularySize)
    result["embeddingSize"] = JSONValue(shape.embeddingSize)
    result["hiddenSize"] = JSONValue(shape.hiddenSize)
    result["layers"] = JSONValue(shape.layerCount)
    result["tied"] = .bool(shape.isTied)
    result["dropout"] = JSONValue(finite: configuration.dropout)
  }
}
