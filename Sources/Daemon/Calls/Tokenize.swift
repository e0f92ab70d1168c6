import JSON
import LanguageModel
import RPC
import System
import Tokenizers

extension Call {
  static let tokenize = Call(
    "tokenize", summary: "Cuts a text into the model's tokens.",
    discussion: "Words that a model with an open vocabulary has not learned yet are `<unk>`.",
    parameters: [Tokenize.text.parameter, Common.model.parameter], positional: ["text"],
    result: [
      ResultField("ids", "The tokens' numbers."),
      ResultField("tokens", "Their texts; U+FFFD where a token is no whole character."),
      ResultField("offsets", "Where each begins and ends in the text, as pairs of UTF-8 byte positions."),
      ResultField("count", "How many there are."),
    ], example: ["text": "the man bites the dog"]
  ) { (invocation) async throws(RPCError) in
    let text = try invocation[Tokenize.text]
    let snapshot = try await invocation.model().snapshot(unless: invocation.cancellation)
    guard text.utf8.count > Tokenize.loopByteLimit else { return Tokenize.answer(text, in: snapshot) }
    return try await invocation.service.reading.compute(unless: invocation.cancellation) {
      Tokenize.answer(text, in: snapshot)
    }
  }
}

private enum Tokenize {
  static let text = Field.required("text", of: .text, "The text to cut.")

  /// Longer texts are cut elsewhere than on the loop.
  static let loopByteLimit = 16 << 10

  static func answer(_ text: String, in snapshot: ModelSnapshot) -> JSONValue {
    let encoding = snapshot.tokenizer.encode(text)
    return [
      "ids": .array(encoding.ids.map { JSONValue($0) }),
      "tokens": .array(
        encoding.ids.map { .string(String(decoding: snapshot.tokenizer.bytes(of: $0), as: UTF8.self)) }),
      "offsets": .array(
        encoding.ranges.map { .array([JSONValue($0.lowerBound), JSONValue($0.upperBound)]) }),
      "count": JSONValue(encoding.count),
    ]
  }
}
