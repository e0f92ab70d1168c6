/// Looks pieces up as they are.
struct WordEncoder: PieceConsumer {
  let vocabulary: Vocabulary
  let unknown: TokenID
  let endOfSequence: TokenID
  var encoding = Encoding()

  @inline(__always)
  mutating func piece(of text: Span<UInt8>, at range: Range<Int>) {
    encoding.append(vocabulary.id(of: text, range) ?? unknown, range)
  }

  mutating func lineEnd(at range: Range<Int>) {
    encoding.append(endOfSequence, range)
  }

  mutating func token(_ id: TokenID, at range: Range<Int>) {
    encoding.append(id, range)
  }
}

/// Looks pieces up, and adds to the vocabulary those that are not there.
struct WordLearner: PieceConsumer {
  var vocabulary: Vocabulary
  let unknown: TokenID
  let endOfSequence: TokenID
  let vocabularyLimit: Int
  var encoding = Encoding()

  mutating func piece(of text: Span<UInt8>, at range: Range<Int>) {
    if let id = vocabulary.id(of: text, range) {
      encoding.append(id, range)
    } else if vocabulary.count < vocabularyLimit, Tokenizer.canJoin(text, range) {
      encoding.append(vocabulary.append(text, range), range)
    } else {
      encoding.append(unknown, range)
    }
  }

  mutating func lineEnd(at range: Range<Int>) {
    encoding.append(endOfSequence, range)
  }

  mutating func token(_ id: TokenID, at range: Range<Int>) {
    encoding.append(id, range)
  }
}

/// Counts pieces, for building a vocabulary.
struct PieceCounter: PieceConsumer {
  private(set) var pieces = Vocabulary()
  private(set) var counts: [Int] = []

  mutating func piece(of text: Span<UInt8>, at range: Range<Int>) {
    let id = Int(pieces.insert(text, range))
    if id == counts.count { counts.append(0) }
    counts[id] += 1
  }

  mutating func lineEnd(at range: Range<Int>) {}

  mutating func token(_ id: TokenID, at range: Range<Int>) {}
}
