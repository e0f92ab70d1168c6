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

      When it is answered, it is in the model's journal and synced, so that not even a power cut takes it away, unless \
      `durable` asks for less. A request that was sent again with the same `requestKey`, as its answer was lost, teaches \
      nothing and gets the first one's answer.
      """,
    parameters: [
      Common.text.parameter, TrainStep.texts.parameter, Common.ids.parameter, Common.model.parameter,
      TrainStep.learningRate.parameter, TrainStep.clipNorm.parameter, TrainStep.clipValue.parameter,
      TrainStep.bptt.parameter, TrainStep.carry.parameter, TrainStep.requestKey.parameter, TrainStep.ifStep.parameter,
      TrainStep.durable.parameter,
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
      ResultField("durable", "What the lesson survives from now on: `fsync`, `os` or `memory`, as was asked for."),
      ResultField(
        "repeated", "true: the request was answered before, and this is that answer.", isAlwaysThere: false),
    ], example: ["text": "the man bites the dog"], afterHangUp: .isFinished
  ) { (invocation) async throws(RPCError) in
    let (request, input) = try TrainStep.request(invocation)
    let durability = try TrainStep.durability(invocation)
    // No wait stands before the lesson's place in the queue, so that lessons are learned in the order of requests.
    let answer = try await invocation.model().teach(
      request, durability: durability, input: input, carriedBy: request.carries ? invocation.session : nil,
      isAwaited: !invocation.isNotification, unless: invocation.cancellation)
    return TrainStep.describe(answer)
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

  static let requestKey = Field.string(
    "requestKey",
    "A name of 1 to 128 bytes for this request: repeated, it is answered again and teaches nothing. The last 1,024 are "
      + "remembered.")
  static let ifStep = Field.integer(
    "ifStep", in: 0...(1 << 53), "Teach only if this is the model's step; else the answer is step-mismatch.")
  static let durable = Field.string(
    "durable", of: .choice(Durability.allCases.map(\.rawValue)),
    "What the lesson must survive before it is answered: `fsync` a power cut, `os` the daemon's end, `memory` nothing. "
      + "When left out, as the daemon was started: `fsync` if not said otherwise.")

  static func durability(_ invocation: Invocation) throws(RPCError) -> Durability {
    try invocation[durable].flatMap(Durability.init) ?? invocation.service.configuration.durability
  }

  static func request(_ invocation: Invocation) throws(RPCError) -> (LessonRequest, input: String) {
    let (lesson, input) = try lesson(invocation)
    var request = LessonRequest(lesson)
    request.carries = try invocation[carry]
    request.expectedStep = try invocation[ifStep]
    request.key = try invocation[requestKey]
    if let count = request.key?.utf8.count, !LessonRequest.keyByteCounts.contains(count) {
      throw .invalidParams(path: "requestKey", "found \(count) bytes as requestKey, expected 1 to 128")
    }
    return (request, input)
  }

  static func describe(_ answer: LessonAnswer) -> JSONValue {
    let report = answer.report
    var result: JSONObject = [
      "loss": JSONValue(finite: report.loss), "perplexity": JSONValue(finite: report.perplexity),
      "tokens": JSONValue(report.tokenCount), "updates": JSONValue(report.updateCount),
      "gradientNorm": JSONValue(finite: report.gradientNorm), "clipped": .bool(report.isClipped),
      "step": JSONValue(report.step), "newWords": JSONValue(report.newWordCount),
      "durable": .string(answer.durability.rawValue),
    ]
    if answer.isRepeated { result["repeated"] = true }
    return .object(result)
  }

  private static func lesson(_ invocation: Invocation) throws(RPCError) -> (Lesson, input: String) {
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
