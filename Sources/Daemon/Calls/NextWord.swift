import JSON
import LanguageModel
import RPC
import System

extension Call {
  static let nextWord = Call(
    "next-word", summary: "Predicts which words come next, or how the word being typed goes on.",
    discussion: """
      A text that ends within a word is completed; one that ends in white space or punctuation is followed by whole words. \
      An explicit `prefix`, also the empty one, overrides that. A word that the model knows, and with which no other word \
      that it knows begins, counts as finished. Probabilities are P(word | text, prefix). Prediction never waits for \
      training: it reads the last published weights.
      """,
    parameters: [
      Common.text.parameter, Common.ids.parameter, Common.model.parameter, NextWord.limit.parameter,
      NextWord.prefix.parameter,
    ], alternatives: [.exactlyOne("text", "ids")], positional: ["text"],
    result: [
      ResultField("words", "`word`, `completion` (what is still to be typed) and `probability`, most probable first."),
      ResultField("prefix", "What the words begin with."),
    ], example: ["text": "the man bites the"]
  ) { (invocation) async throws(RPCError) in
    let input = try invocation.input()
    let limit = try invocation[NextWord.limit]
    let prefix = try invocation[NextWord.prefix]
    let model = try invocation.model()
    let snapshot = try await model.snapshot(unless: invocation.cancellation)
    let answer = try await invocation.service.reading.nextWords(
      input, in: snapshot, unless: invocation.cancellation
    ) { () throws(LanguageModelError) in
      try NextWordTask(after: input, prefix: prefix, limit: limit, in: snapshot)
    }
    return NextWord.describe(answer)
  }
}

private enum NextWord {
  static let limit = Field.integer("limit", in: NextWordTask.limits, default: 5, "How many words to offer.")
  static let prefix = Field.string("prefix", of: .text, "What the word begins with, after all of the text.")

  static func describe(_ answer: NextWordAnswer) -> JSONValue {
    let words = answer.words.map { word in
      JSONValue.object(
        JSONObject(uniqueMembers: [
          JSONObject.Member(name: "word", value: .string(word.word)),
          JSONObject.Member(name: "completion", value: .string(word.completion)),
          JSONObject.Member(name: "probability", value: JSONValue(finite: word.probability)),
        ]))
    }
    return ["words": .array(words), "prefix": .string(answer.prefix)]
  }
}
