import JSON
import RPC
import System

extension Call {
  static let deleteModel = Call(
    "delete-model", summary: "Removes a model from memory and disk, for good.",
    discussion: "Training that is under way ends with the update that it is at, and is answered with model-not-found.",
    parameters: [Common.name.parameter], positional: ["name"],
    result: [ResultField("name", "The model's name."), ResultField("deleted", "true.")], example: ["name": "default"],
    isOwners: true, afterHangUp: .isFinished
  ) { (invocation) async throws(RPCError) in
    let models = invocation.service.models
    let model = try models.model(invocation[Common.name], parameter: "name")
    try await models.delete(model)
    invocation.service.memoryWasFreed()
    return ["name": .string(model.name), "deleted": true]
  }
}
