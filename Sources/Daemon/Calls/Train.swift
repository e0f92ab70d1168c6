import JSON
import LanguageModel
import RPC
import System

extension Call {
  static let train = Call(
    "train", summary: "Trains the model on files or a text, one update after the other.",
    discussion: """
      Predictions, lessons and other requests on other connections go on meanwhile; what was learned is published about \
      five times a second. A run that is cancelled or fails has taught nothing, but lessons that came in between stay, \
      and what the run had taught before them; one that the daemon's stop or a hang-up ends keeps what it has taught. \
      The learning rate falls in a straight line to zero after the last update. What a crash interrupts goes on by itself \
      when the daemon is started again, from a checkpoint at most half a minute old, to the same result.
      """,
    parameters: [
      Common.files.parameter, Common.text.parameter, Common.model.parameter, Train.epochs.parameter,
      Train.batchSize.parameter, Train.bptt.parameter, Train.learningRate.parameter, Train.sampledSoftmax.parameter,
      Train.validation.parameter, Common.progress.parameter,
    ], alternatives: [.exactlyOne("files", "text")], positional: ["files"],
    result: [
      ResultField("step", "The model's count of updates."),
      ResultField("tokens", "How many tokens were learned from."),
      ResultField("seconds", "How long the updates took."),
      ResultField("tokensPerSecond", "tokens/seconds."),
      ResultField("loss", "Mean nats per token over the last epoch."),
      ResultField("perplexity", "exp(loss)."),
      ResultField("validationPerplexity", "Of the validation file.", isAlwaysThere: false),
    ], example: ["text": "the man bites the dog", "epochs": 2], afterHangUp: .isCancelledIfAwaited
  ) { (invocation) async throws(RPCError) in
    let plan = try Train.plan(invocation)
    let sink = invocation.progress
    // However it ends.
    defer { invocation.service.memoryWasFreed() }
    let summary = try await invocation.model().train(
      plan, fileByteLimit: invocation.service.limits.fileByteLimit, unless: invocation.cancellation
    ) { progress in sink?(Train.describe(progress)) }
    return .object(Train.describe(summary))
  }
}

private enum Train {
  static let epochs = Field.integer(
    "epochs", in: TrainingSettings.epochCounts, default: 1, "How often to go over the texts.")
  static let batchSize = Field.integer(
    "batchSize", in: TrainingSettings.batchSizes, default: TrainingSettings().batchSize,
    "How many stretches of the texts are learned from side by side.")
  static let bptt = Field.integer(
    "bptt", in: ModelConfiguration.bpttLengths, "How many tokens an update goes back through.")
  static let learningRate = Field.number(
    "learningRate", .above(0, through: 1e6),
    "The first update's; when left out, the model's own, for SGD times the square root of the stretches.")
  static let sampledSoftmax = Field.integer(
    "sampledSoftmax", in: TrainingSettings.noiseCounts,
    "Predict among this many words drawn by frequency, beside those to predict, instead of among all: faster with large "
      + "vocabularies. Losses are then estimates; evaluation goes on over all words.")
  static let validation = Field.string(
    "validation", of: .path, "The absolute path of a text file to evaluate on at the end.")

  static func plan(_ invocation: Invocation) throws(RPCError) -> TrainingPlan {
    var settings = TrainingSettings()
    settings.epochs = try invocation[epochs]
    settings.batchSize = try invocation[batchSize]
    settings.bptt = try invocation[bptt]
    settings.learningRate = try invocation[learningRate]
    settings.sampledSoftmax = try invocation[sampledSoftmax]
    let texts: TextSource
    if let paths = try invocation[Common.files] {
      texts = .files(paths)
    } else {
      texts = .text(try invocation[Common.text] ?? "")
    }
    return TrainingPlan(texts: texts, validationPath: try invocation[validation], settings: settings)
  }

  static func describe(_ progress: TrainingProgress) -> JSONObject {
    let rate = progress.seconds > 0 ? Double(progress.tokens) / progress.seconds : 0
    return [
      "phase": .string(progress.phase.rawValue), "epoch": JSONValue(progress.epoch),
      "epochs": JSONValue(progress.epochCount), "update": JSONValue(progress.update),
      "updates": JSONValue(progress.updateCount), "tokens": JSONValue(progress.tokens),
      "totalTokens": JSONValue(progress.tokenCount), "loss": JSONValue(finite: progress.loss),
      "perplexity": JSONValue(finite: progress.perplexity), "learningRate": JSONValue(finite: progress.learningRate),
      "seconds": JSONValue(finite: progress.seconds), "tokensPerSecond": JSONValue(finite: rate.rounded()),
    ]
  }

  static func describe(_ summary: TrainingSummary) -> JSONObject {
    var result: JSONObject = [
      "step": JSONValue(summary.step), "tokens": JSONValue(summary.tokens),
      "seconds": JSONValue(finite: summary.seconds),
      "tokensPerSecond": JSONValue(finite: summary.tokensPerSecond.rounded()), "loss": JSONValue(finite: summary.loss),
      "perplexity": JSONValue(finite: summary.perplexity),
    ]
    result["validationPerplexity"] = summary.validationPerplexity.map { JSONValue(finite: $0) }
    return result
  }
}
