import JSON
import LanguageModel
import RPC
import System

extension Call {
  static let trainStep = Call(
    "train-step", summary: "Teaches the model a text at once: every later request sees what it learned.",
    discussion: """
      A text longer than `bptt` tokens takes one update per window, with the hidden state carried from window to window. \
      New words join an open vocabulary. A lesson that fails or is cancelled changes nothing. Sent as a notification, it \
      is learned in the background.
      """,
    parameters: [
      Common.text.parameter, TrainStep.texts.parameter, Common.ids.parameter, Common.model.parameter,
      TrainStep.learningRate.parameter, TrainStep.clipNorm.parameter, TrainStep.clipValue.parameter,
      TrainStep.bptt.parameter, TrainStep.carry.parameter,
    ], alternatives: [.exactlyOne("text", "texts", "ids")], positional: ["text"],
    result: [
      ResultField("loss", "Mean nats per predicted token, before the update."),
      ResultField("perplexity", "exp(loss)."),
      ResultField("tokens", "How many tokens were predicted."),
      ResultField("updates", "How many updates there were."),
      ResultField("gradientNorm", "The largest norm of an update's gradient, before clipping."),
      ResultField("clipped", "Whether clipping changed a gradient."),
      ResultField("step", "The model's count of updates."),
      ResultField("newWords", "How many words joined the vocabulary."),
    ], example: ["text": "the man bites the dog"], afterHangUp: .isFinished
  ) { (invocation) async throws(RPCError) in
    let (lesson, input) = try TrainStep.lesson(invocation)
    // No wait stands before the lesson's place in the queue, so that lessons are learned in the order of requests.
    let report = try await invocation.model().teach(
      lesson, input: input, carriedBy: try invocation[TrainStep.carry] ? invocation.session : nil,
      isAwaited: !invocation.isNotification, unless: invocation.cancellation)
    return [
      "loss": JSONValue(finite: report.loss), "perplexity": JSONValue(finite: report.perplexity),
      "tokens": JSONValue(report.tokenCount), "updates": JSONValue(report.updateCount),
      "gradientNorm": JSONValue(finite: report.gradientNorm), "clipped": .bool(report.isClipped),
      "step": JSONValue(report.step), "newWords": JSONValue(report.newWordCount),
    ]
  }
}

private enum TrainStep {
  static let texts = Field.strings(
    "texts", of: .text, count: 1...Lesson.sequenceLimit, "A batch of texts that are independent of each other.")
  static let learningRate = Field.number(
    "learningRate", .above(0, through: 1e6), "The step's size; as the model was created with when left out.")
  static let clipNorm = Field.number(
    "clipNorm", .above(0, through: 1e9), "The L2 norm that a longer gradient is scaled down to.")
  static let clipValue = Field.number(
    "clipValue", .above(0, through: 1e9), "The magnitude that every number of a gradient is held to.")
  static let bptt = Field.integer(
    "bptt", in: ModelConfiguration.bpttLengths, "How many tokens an update goes back through.")
  static let carry = Field.flag(
    "carry", "Start from the hidden state in which this connection's previous carrying step on this model ended.")

  static func lesson(_ invocation: Invocation) throws(RPCError) -> (Lesson, input: String) {
    var lesson: Lesson
    let input: String
    if let texts = try invocation[texts] {
      lesson = Lesson(texts.map(ModelInput.text))
      input = "texts"
    } else {
      let only = try invocation.input()
      lesson = Lesson([only])
      input = only.parameter
    }
    lesson.learningRate = try invocation[learningRate]
    lesson.clipNorm = try invocation[clipNorm]
    lesson.clipValue = try invocation[clipValue]
    lesson.bptt = try invocation[bptt]
    return (lesson, input)
  }
}
