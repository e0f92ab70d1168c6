import JSON
import LanguageModel
import RPC
import System

extension Call {
  static let copyModel = Call(
    "copy-model", summary: "Makes a second model that is like the first one is now.",
    parameters: [Common.name.parameter, CopyModel.to.parameter], positional: ["name", "to"],
    result: Common.description, example: ["name": "default", "to": "twin"], afterHangUp: .isFinished
  ) { (invocation) async throws(RPCError) in
    let models = invocation.service.models
    let source = try models.model(invocation[Common.name], parameter: "name")
    let target = try invocation[CopyModel.to]
    let image = try await source.image(unless: invocation.cancellation)
    let copy = try await models.create(
      target, parameter: "to", from: .copied(image), unless: invocation.cancellation)
    return try await copy.description(unless: invocation.cancellation)
  }
}

private enum CopyModel {
  static let to = Field.required("to", "The new model's name.")
}
