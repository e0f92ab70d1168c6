package import Tokenizers

/// A token's number: its row in the embedding and in the output layer.
package typealias TokenID = Tokenizers.TokenID

/// What a model is asked about or taught: text, or tokens by their numbers as a client sent them.
package enum ModelInput: Equatable, Sendable {
  case text(String)
  case ids([Int])
}

extension Tokenizer {
  /// The tokens of some input.
  ///
  /// - Throws: `tokenOutOfRange` for a number that no token has.
  func tokens(of input: ModelInput) throws(LanguageModelError) -> [TokenID] {
    switch input {
    case .text(let text): encode(text).ids
    case .ids(let ids): try checked(ids)
    }
  }

  /// The tokens of some input; the words of a text join an open vocabulary.
  ///
  /// - Throws: `tokenOutOfRange` for a number that no token has.
  mutating func learnTokens(of input: ModelInput) throws(LanguageModelError) -> [TokenID] {
    switch input {
    case .text(let text): learn(text).ids
    case .ids(let ids): try checked(ids)
    }
  }

  /// Client's numbers as tokens.
  func checked(_ ids: [Int]) throws(LanguageModelError) -> [TokenID] {
    var tokens: [TokenID] = []
    tokens.reserveCapacity(ids.count)
    for id in ids {
      guard id >= 0, id < vocabularySize, let token = TokenID(exactly: id) else {
        throw .tokenOutOfRange(token: id, vocabularySize: vocabularySize)
      }
      tokens.append(token)
    }
    return tokens
  }
}
