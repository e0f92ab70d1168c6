import JSON
import LanguageModel
import RPC
import System

extension Call {
  static let generate = Call(
    "generate", summary: "Goes on with a text.",
    discussion: """
      The same seed, text and model give the same continuation. With `progress`, each `$/progress` brings the text that \
      came since the last one as `text`.
      """,
    parameters: [
      Common.text.parameter, Common.ids.parameter, Common.model.parameter, Generate.maxTokens.parameter,
      Generate.temperature.parameter, Generate.topK.parameter, Generate.topP.parameter, Generate.seed.parameter,
      Generate.stop.parameter, Common.progress.parameter,
    ], alternatives: [.exactlyOne("text", "ids")], positional: ["text"],
    result: [
      ResultField("text", "What follows the text."),
      ResultField("finish", "`stop` at a stop string or the text's end, `length` at `maxTokens`."),
      ResultField("tokens", "How many tokens were generated."),
    ], example: ["text": "the man", "maxTokens": 8, "seed": 1]
  ) { (invocation) async throws(RPCError) in
    let input = try invocation.input()
    let sampling = SamplingSettings(
      temperature: try invocation[Generate.temperature], topK: try invocation[Generate.topK],
      topP: try invocation[Generate.topP], seed: UInt64(try invocation[Generate.seed]))
    let (maxTokens, stop) = (try invocation[Generate.maxTokens], try invocation[Generate.stop] ?? [])
    let snapshot = try await invocation.model().snapshot(unless: invocation.cancellation)
    let report = Generate.reporter(to: invocation.progress)
    let generation = try await invocation.service.reading.answer(
      input, unless: invocation.cancellation,
      begin: { () throws(LanguageModelError) in
        try GenerationTask(after: input, maxTokens: maxTokens, sampling: sampling, stop: stop, in: snapshot)
      }, report: report)
    return [
      "text": .string(generation.text), "finish": .string(generation.finish.rawValue),
      "tokens": JSONValue(generation.tokenCount),
    ]
  }
}

private enum Generate {
  static let maxTokens = Field.integer(
    "maxTokens", in: GenerationTask.tokenLimits, default: 64, "How many tokens at most.")
  static let temperature = Field.number(
    "temperature", .from(0, through: 100), default: 1, "0 always takes the likeliest; more is more surprising.")
  static let topK = Field.integer("topK", in: 1...(1 << 24), "Draw only from this many likeliest tokens.")
  static let topP = Field.number("topP", .above(0, through: 1), "Draw only from the likeliest with this probability.")
  static let seed = Field.integer("seed", in: 0...Int.max, default: 0, "What the draws depend on.")
  static let stop = Field.strings(
    "stop", of: .text, count: 0...GenerationTask.stopCountLimit, "Strings before which the text ends.")

  /// Sends the part of the text that is new and settled; from the reading desk to the loop.
  static func reporter(to progress: ProgressSink?) -> @Sendable (GenerationTask) -> Void {
    guard let progress else { return { _ in } }
    let sent = SentText()
    return { task in
      let (text, tokens) = (task.settledText, task.tokenCount)
      EventLoop.later {
        guard let piece = sent.advance(to: text) else { return }
        progress(["text": .string(piece), "tokens": JSONValue(tokens)])
      }
    }
  }

  /// How much of the text was sent.
  @EventLoop
  final class SentText {
    private var count = 0

    nonisolated init() {}

    /// What is new in the text; nil when nothing is.
    func advance(to text: String) -> String? {
      guard text.utf8.count > count else { return nil }
      defer { count = text.utf8.count }
      return String(decoding: text.utf8.dropFirst(count), as: UTF8.self)
    }
  }
}
