import JSON
import Networks
import Testing

@testable import LanguageModel

@Suite("A model's configuration")
struct ModelConfigurationTests {
  private static let sizes: JSONObject = ["vocab_size": 10, "embed_dim": 4, "hidden_size": 6, "num_layers": 2]

  private func read(_ members: KeyValuePairs<String, JSONValue>) throws -> ModelConfiguration {
    var object = Self.sizes
    for (name, value) in members { object[name] = value }
    return try ModelConfiguration(json: .object(object))
  }

  @Test("takes its documented defaults for what is left out")
  func defaults() throws {
    let found = try read([:])
    #expect(found.shape.cell == .lstm && !found.shape.isTied)
    #expect(found.optimizer == .adamW(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01))
    #expect(found.learningRate == 0.001 && found.bptt == 35 && found.dropout == 0 && found.seed == 0)
    #expect(found.precision == .single)
    #expect(found.clipNorm == nil && found.clipValue == nil && !found.hasOpenVocabulary)
  }

  @Test("comes back from its JSON as it was", arguments: CellKind.allCases)
  func roundTrip(_ cell: CellKind) throws {
    var configuration = ModelConfiguration(
      shape: try NetworkShape(
        cell: cell, vocabularySize: 9, embeddingSize: 3, hiddenSize: 5, layerCount: 2, isTied: true))
    configuration.dropout = 0.25
    configuration.optimizer = cell == .gru ? .sgd(momentum: 0.9, weightDecay: 1e-5) : .adamW(beta1: 0.8)
    configuration.learningRate = 0.1
    configuration.bptt = 17
    configuration.clipNorm = 0.3
    configuration.clipValue = 2
    configuration.hasOpenVocabulary = true
    configuration.seed = .max
    configuration.precision = .bfloat16
    #expect(try ModelConfiguration(json: configuration.json()) == configuration)
  }

  @Test(
    "ignores what does not change what is computed",
    arguments: [("dtype", "float32"), ("bidirectional", false), ("bias", true), ("proj_size", 0), ("x", nil)]
      as [(String, JSONValue)])
  func ignores(_ name: String, _ value: JSONValue) throws {
    #expect(try read([name: value]) == read([:]))
  }

  @Test(
    "refuses by name what it can't honour",
    arguments: [
      ("format_version", 2), ("model_type", "gpt2"), ("rnn_type", "QRNN"), ("bidirectional", true), ("bias", false),
      ("proj_size", 3), ("layer_norm", true), ("precision", "fp16"), ("optimizer", ["name": "adagrad"]),
      ("optimizer", ["name": "sgd", "nesterov": true]), ("optimizer", ["name": "adamw", "amsgrad": true]),
      ("optimizer", ["name": "sgd", "betas": [0.9, 0.99]]), ("clip", ["norms": 1]),
    ] as [(String, JSONValue)])
  func refuses(_ name: String, _ value: JSONValue) throws {
    let error = #expect(throws: LanguageModelError.self) { try read([name: value]) }
    guard case .unsupported(file: "config.json", let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    // Of an object the message names the field within.
    #expect(value.object != nil || reason.contains(name))
    #expect(!reason.isEmpty)
  }

  @Test(
    "refuses what is damaged or out of bounds",
    arguments: [
      ("vocab_size", 1), ("vocab_size", 2.5), ("hidden_size", 0), ("hidden_size", "6"), ("embed_dim", -4),
      ("num_layers", 65), ("num_layers", 1e30), ("dropout", 1), ("dropout", -0.1), ("bptt", 0), ("seed", -1),
      ("seed", 0.5), ("optimizer", "sgd"), ("optimizer", ["learning_rate": 0]), ("optimizer", ["betas": [0.9]]),
      ("optimizer", ["betas": [0.9, 1]]), ("optimizer", ["betas": [0.9, 0.9, "x"]]), ("optimizer", ["eps": 0]),
      ("clip", 1), ("clip", ["norm": 0]), ("clip", ["value": -1]), ("tie_word_embeddings", 1), ("rnn_type", 1),
      ("open_vocabulary", "yes"), ("precision", 16),
    ] as [(String, JSONValue)])
  func refusesDamage(_ name: String, _ value: JSONValue) throws {
    let error = #expect(throws: LanguageModelError.self) { try read([name: value]) }
    guard case .corruptFile(name: "config.json", let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains(name))
  }

  @Test("refuses sizes whose product no memory holds before making anything")
  func refusesTooManyWeights() throws {
    #expect(throws: LanguageModelError.self) { try read(["hidden_size": 16_384, "num_layers": 64]) }
    var settings = CreateSettings()
    settings.hiddenSize = 16_384
    settings.layerCount = 64
    #expect(throws: LanguageModelError.self) { try ModelTeacher(settings) }
    settings.hiddenSize = .max
    #expect(throws: LanguageModelError.self) { try ModelTeacher(settings) }
  }

  @Test(
    "names can't leave their directory",
    arguments: ["", ".", "..", "a/b", "/a", ".hidden", "-option", "a b", "é", "a\0", String(repeating: "a", count: 65)])
  func refusesNames(_ name: String) {
    #expect(!ModelName.isValid(name))
    #expect(throws: LanguageModelError.self) { try ModelName.check(name) }
  }

  @Test(
    "names may be letters, digits and plain marks",
    arguments: ["default", "a", "9.x_Y-z", String(repeating: "a", count: 64)])
  func acceptsNames(_ name: String) throws {
    try ModelName.check(name)
  }
}
