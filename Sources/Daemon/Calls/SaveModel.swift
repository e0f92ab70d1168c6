import JSON
import RPC
import System

extension Call {
  static let saveModel = Call(
    "save-model", summary: "Writes a checkpoint of what a model has learned, at once.",
    discussion: """
      The daemon does so by itself when it stops or unloads the model, and when replaying the journal would take long. \
      Lessons are in the journal in any case.
      """,
    parameters: [Common.name.parameter], positional: ["name"], result: Common.description, example: ["name": "default"],
    afterHangUp: .isFinished
  ) { (invocation) async throws(RPCError) in
    let model = try invocation.service.models.model(invocation[Common.name], parameter: "name")
    try await model.save(unless: invocation.cancellation)
    return try await model.description(unless: invocation.cancellation)
  }
}
