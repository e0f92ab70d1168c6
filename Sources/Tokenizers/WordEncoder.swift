/// Looks pieces up as they are.
struct WordEncoder: PieceConsumer {
  let vocabulary: Vocabulary
  let unknown: TokenID
  let endOfSequence: TokenID
  var sink: TokenSink

  @inline(__always)
  mutating func piece(of text: Span<UInt8>, at range: Range<Int>) {
    sink.append(vocabulary.id(of: text, range) ?? unknown, range)
  }

  mutating func lineEnd(at range: Range<Int>) {
    sink.append(endOfSequence, range)
  }

  mutating func token(_ id: TokenID, at range: Range<Int>) {
    sink.append(id, range)
  }
}

/// Looks pieces up, and adds to the vocabulary those that are not there.
struct WordLearner: PieceConsumer {
  var vocabulary: Vocabulary
  let unknown: TokenID
  let endOfSequence: TokenID
  let vocabularyLimit: Int
  var sink: TokenSink

  mutating func piece(of text: Span<UInt8>, at range: Range<Int>) {
    if let id = vocabulary.id(of: text, range) {
      sink.append(id, range)
    } else if vocabulary.count < vocabularyLimit, Tokenizer.canJoin(text, range) {
      sink.append(vocabulary.append(text, range), range)
    } else {
      sink.append(unknown, range)
    }
  }

  mutating func lineEnd(at range: Range<Int>) {
    sink.append(endOfSequence, range)
  }

  mutating func token(_ id: TokenID, at range: Range<Int>) {
    sink.append(id, range)
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
