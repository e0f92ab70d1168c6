import JSON
import LanguageModel
import RPC
import System

extension Call {
  static let unloadModel = Call(
    "unload-model", summary: "Saves a model and gives its memory back.",
    discussion: "It is loaded again when it is asked for.", parameters: [Common.name.parameter], positional: ["name"],
    result: [
      ResultField("name", "The model's name."), ResultField("loaded", "false."),
      ResultField("directory", "Where it lies."),
    ], example: ["name": "default"], afterHangUp: .isFinished
  ) { (invocation) async throws(RPCError) in
    let models = invocation.service.models
    let model = try models.model(invocation[Common.name], parameter: "name")
    try await models.unload(model)
    invocation.service.memoryWasFreed()
    return ["name": .string(model.name), "loaded": false, "directory": .string(model.directory.path)]
  }
}
