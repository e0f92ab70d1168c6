import JSON
import LanguageModel
import RPC
import System
import Tokenizers

extension Call {
  static let detokenize = Call(
    "detokenize", summary: "Makes text of the model's tokens.",
    parameters: [Detokenize.ids.parameter, Common.model.parameter], positional: ["ids"],
    result: [ResultField("text", "The text; U+FFFD where the tokens' bytes are not whole characters.")],
    example: ["ids": [0, 1]]
  ) { (invocation) async throws(RPCError) in
    let ids = try invocation[Detokenize.ids]
    let snapshot = try await invocation.model().snapshot(unless: invocation.cancellation)
    guard ids.count > Detokenize.loopCountLimit else { return try Detokenize.answer(ids, in: snapshot) }
    return try await invocation.service.reading.compute(unless: invocation.cancellation) { () throws(RPCError) in
      try Detokenize.answer(ids, in: snapshot)
    }
  }
}

private enum Detokenize {
  static let ids = Field.integers(
    required: "ids", in: 0...Int(Int32.max), count: 0...Int.max, "The tokens' numbers.")

  /// More ids are worked at elsewhere than on the loop.
  static let loopCountLimit = 4_096

  static func answer(_ ids: [Int], in snapshot: ModelSnapshot) throws(RPCError) -> JSONValue {
    var tokens: [TokenID] = []
    for (index, id) in ids.enumerated() {
      guard id < snapshot.tokenizer.vocabularySize, let token = TokenID(exactly: id) else {
        throw .tokenOutOfRange("\(id)", path: "ids[\(index)]", vocabularySize: snapshot.tokenizer.vocabularySize)
      }
      tokens.append(token)
    }
    return ["text": .string(String(decoding: snapshot.tokenizer.decode(tokens), as: UTF8.self))]
  }
}
