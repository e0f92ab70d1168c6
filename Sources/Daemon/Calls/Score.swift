import JSON
import LanguageModel
import RPC
import System

extension Call {
  static let score = Call(
    "score", summary: "Tells how well the model predicts a text.",
    parameters: [Common.text.parameter, Common.ids.parameter, Common.model.parameter, Score.perToken.parameter],
    alternatives: [.exactlyOne("text", "ids")], positional: ["text"],
    result: ScoreReport.fields + [
      ResultField("perToken", "`token` and `logProbability` of each.", isAlwaysThere: false)
    ], example: ["text": "the man bites the dog", "perToken": true]
  ) { (invocation) async throws(RPCError) in
    let input = try invocation.input()
    let perToken = try invocation[Score.perToken]
    let snapshot = try await invocation.model().snapshot(unless: invocation.cancellation)
    let report = try await invocation.service.reading.answer(input, unless: invocation.cancellation) {
      () throws(LanguageModelError) in
      try ScoreTask(input, perToken: perToken, in: snapshot)
    }
    guard let tokens = report.perToken, tokens.count > Score.loopCountLimit else { return .object(report.description) }
    return try await invocation.service.reading.compute(unless: invocation.cancellation) { .object(report.description) }
  }
}

private enum Score {
  static let perToken = Field.flag("perToken", "Whether every token's own log-probability is wanted.")

  /// More tokens are described elsewhere than on the loop.
  static let loopCountLimit = 256
}

extension ScoreReport {
  static let fields = [
    ResultField("logProbability", "Of the whole text, in nats."),
    ResultField("tokens", "How many tokens it has."),
    ResultField("perplexity", "exp of the mean negative log-probability."),
    ResultField("bitsPerByte", "Bits for each byte of the text; null for tokens without text."),
  ]

  /// The result of `score` and `evaluate`.
  var description: JSONObject {
    var result: JSONObject = [
      "logProbability": JSONValue(finite: logProbability), "tokens": JSONValue(tokenCount),
      "perplexity": JSONValue(finite: perplexity), "bitsPerByte": bitsPerByte.map { JSONValue(finite: $0) } ?? .null,
    ]
    result["perToken"] = perToken.map { tokens in
      .array(
        tokens.map { ["token": .string($0.text), "logProbability": JSONValue(finite: $0.logProbability)] })
    }
    return result
  }
}
