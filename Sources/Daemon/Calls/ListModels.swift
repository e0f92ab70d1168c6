import JSON
import LanguageModel
import RPC
import System

extension Call {
  static let listModels = Call(
    "list-models", summary: "Lists all models; of those in memory, tells what describe-model tells.",
    result: [ResultField("models", "By name: `name`, `loaded`, `directory`, and the description if it is in memory.")]
  ) { (invocation) async throws(RPCError) in
    let models = invocation.service.models
    return ["models": .array(models.names.map { models.summary(of: $0) })]
  }
}

extension ModelRegistry {
  /// An element of `list-models` and of `status`.
  func summary(of name: String) -> JSONValue {
    var result: JSONObject = ["name": .string(name), "loaded": false]
    if let model = loadedModel(name), let snapshot = model.snapshot {
      result = model.description(of: snapshot)
      result["loaded"] = true
    } else {
      result["directory"] = .string(directory(of: name).path)
    }
    return .object(result)
  }
}
