import JSON
import RPC
import System

extension Call {
  static let loadModel = Call(
    "load-model", summary: "Brings a model into memory before it is asked for.",
    discussion: "Every call that names a model does so by itself; this one only does it sooner.",
    parameters: [Common.name.parameter], positional: ["name"], result: Common.description, example: ["name": "default"],
    afterHangUp: .isFinished
  ) { (invocation) async throws(RPCError) in
    let model = try invocation.service.models.model(invocation[Common.name], parameter: "name")
    return try await model.description(unless: invocation.cancellation)
  }
}
