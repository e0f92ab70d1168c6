import JSON
import RPC
import System

extension Call {
  static let describeModel = Call(
    "describe-model", summary: "Tells a model's architecture, sizes, settings, and how far it is.",
    parameters: [DescribeModel.name.parameter], positional: ["name"], result: Common.description,
    example: ["name": "default"]
  ) { (invocation) async throws(RPCError) in
    let model = try invocation.service.models.model(invocation[DescribeModel.name], parameter: "name")
    return try await model.description(unless: invocation.cancellation)
  }
}

private enum DescribeModel {
  static let name = Field.string("name", default: ModelRegistry.defaultName, "The model's name.")
}
