import Tokenizers

/// How a token's bytes begin, for one who stands after a word and asks whether the token goes on with it.
enum PieceStart: UInt8 {
  /// A letter, mark, digit or `_`: goes on with a word.
  case word
  /// `'`, `’` or `-`: what follows decides.
  case joiner
  /// White space: ends a word.
  case blank
  /// Punctuation and the like: ends a word.
  case mark
  /// Bytes from within a scalar, or the first ones of a scalar that other tokens complete.
  case fragment
  /// No text at all: ends everything.
  case special
}

/// The bytes of every token of a vocabulary, and how they begin; made once a vocabulary.
struct PieceTable: Sendable {
  let starts: [PieceStart]
  /// Where each token's bytes lie in `storage`; one more than there are tokens.
  private let offsets: [Int]
  private let storage: [UInt8]

  init(_ tokenizer: Tokenizer) {
    var starts: [PieceStart] = []
    var offsets = [0]
    var storage: [UInt8] = []
    for id in 0..<tokenizer.vocabularySize {
      let token = TokenID(id)
      let bytes = tokenizer.isSpecial(token) ? [] : tokenizer.bytes(of: token)
      starts.append(bytes.isEmpty ? .special : Self.start(of: bytes))
      storage.append(contentsOf: bytes)
      offsets.append(storage.count)
    }
    self.starts = starts
    self.offsets = offsets
    self.storage = storage
  }

  var count: Int { starts.count }

  /// A token's bytes; none for special ones.
  func bytes(of token: Int) -> ArraySlice<UInt8> { storage[offsets[token]..<offsets[token + 1]] }

  private static func start(of bytes: [UInt8]) -> PieceStart {
    guard case .scalar(let scalar, _) = ScalarReading(bytes, at: 0) else { return .fragment }
    return switch ScalarRole(scalar) {
    case .word: .word
    case .joiner: .joiner
    case .blank: .blank
    case .mark: .mark
    }
  }
}
