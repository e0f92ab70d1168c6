/// Why a tokenizer can't be made.
///
/// No case carries text of the user: tokens are named by their numbers. Names of types and options come from the
/// file's own structure and are cut to a short length.
package enum TokenizerError: Error, Equatable, Sendable {
  /// A field of tokenizer.json is missing or of the wrong kind.
  case malformed(path: String, expected: String)
  /// A field of tokenizer.json asks for what is not done here.
  case unsupported(path: String, found: String)
  /// Two entries of the vocabulary have the same number.
  case duplicateID(Int)
  /// The vocabulary's numbers don't run from 0 without a hole.
  case missingID(Int)
  /// A number is negative or beyond what a vocabulary may hold.
  case idOutOfRange(Int, limit: Int)
  /// An added token stands under another number in the vocabulary.
  case addedTokenConflict(id: Int, vocabularyID: Int)
  /// A vocabulary entry holds a character that stands for no byte.
  case outsideByteAlphabet(id: Int)
  /// A merge names a token, or makes one, that the vocabulary doesn't have.
  case unknownTokenInMerge(index: Int)
  /// The token for what is unknown is not in the vocabulary.
  case missingUnknownToken
  /// None of the names that an end-of-sequence token goes by is in the vocabulary.
  case missingEndOfSequence
  /// The vocabulary size that was asked for is too small or too large.
  case vocabularySize(found: Int, minimum: Int, maximum: Int)
  /// The file holds more tokens than allowed.
  case tooManyTokens(limit: Int)
}

extension TokenizerError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .malformed(let path, let expected): "\(path): expected \(expected)"
    case .unsupported(let path, let found): "\(path): \(found) is not supported"
    case .duplicateID(let id): "two tokens have the id \(id)"
    case .missingID(let id): "no token has the id \(id), though higher ones are in use"
    case .idOutOfRange(let id, let limit): "the token id \(id) is not within 0..<\(limit)"
    case .addedTokenConflict(let id, let vocabularyID):
      "the added token \(id) has the id \(vocabularyID) in the vocabulary"
    case .outsideByteAlphabet(let id): "the token \(id) has a character that stands for no byte"
    case .unknownTokenInMerge(let index): "merge \(index) names a token that the vocabulary does not have"
    case .missingUnknownToken: "the token for unknown words is not in the vocabulary"
    case .missingEndOfSequence:
      "no end-of-sequence token: the vocabulary has none of \(SpecialTokens.endOfSequenceNames.joined(separator: ", "))"
    case .vocabularySize(let found, let minimum, let maximum):
      "a vocabulary of \(found) tokens was asked for, expected \(minimum) to \(maximum)"
    case .tooManyTokens(let limit): "more than \(limit) tokens"
    }
  }
}

/// The names that special tokens go by.
enum SpecialTokens {
  static let unknown = "<unk>"
  static let endOfSequence = "<eos>"
  /// What an end-of-sequence token is called in tokenizer.json files of others, in the order in which they are tried.
  static let endOfSequenceNames = ["<eos>", "</s>", "<|endoftext|>", "[SEP]", "[EOS]"]
}
