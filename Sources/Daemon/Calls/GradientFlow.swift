import JSON
import LanguageModel
import Networks
import RPC
import System

extension Call {
  static let gradientFlow = Call(
    "gradient-flow", summary: "Shows how the gradient of the last token's loss vanishes or grows with the lag.",
    discussion: """
      `norms[k]` is the L2 norm of the last loss's gradient with respect to the hidden state k steps earlier: in an Elman \
      network it soon vanishes, in an LSTM it survives.
      """,
    parameters: [Common.text.parameter, Common.ids.parameter, Common.model.parameter],
    alternatives: [.exactlyOne("text", "ids")], positional: ["text"],
    result: [
      ResultField("loss", "Of the last token, in nats."),
      ResultField("norms", "By lag, from the last step back to the first."),
    ], example: ["text": "once upon a time there was"]
  ) { (invocation) async throws(RPCError) in
    let input = try invocation.input()
    let snapshot = try await invocation.model().snapshot(unless: invocation.cancellation)
    let flow = try await invocation.service.reading.compute(unless: invocation.cancellation) {
      () throws(RPCError) in
      do throws(LanguageModelError) { return try snapshot.gradientFlow(of: input) } catch {
        throw RPCError(error, input: input.parameter)
      }
    }
    return [
      "loss": JSONValue(finite: flow.loss), "norms": .array(flow.norms.map { JSONValue(finite: $0) }),
    ]
  }
}
