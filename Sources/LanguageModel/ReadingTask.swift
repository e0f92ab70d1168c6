import Networks
import Tokenizers

/// A question to a model that is answered in slices.
///
/// A slice is measured in steps of the network: reading one token, or working out one distribution over the vocabulary.
/// A task may be dropped at any time.
package protocol ReadingTask<Answer> {
  associatedtype Answer

  /// Works on for at most about `stepBudget` steps (at least one).
  ///
  /// - Returns: the answer, or nil while there is more to do. After the answer the task is over.
  mutating func advance(by stepBudget: Int, with reader: ModelReader) throws(LanguageModelError) -> Answer?
}

extension ReadingTask {
  /// Works until the answer is there.
  package mutating func finish(with reader: ModelReader) throws(LanguageModelError) -> Answer {
    while true {
      if let answer = try advance(by: .max, with: reader) { return answer }
    }
  }
}

/// What the network reads before it is asked something.
enum ReadingContext: Equatable {
  case tokens([TokenID])
  /// As many bytes of a text.
  case text(String, byteCount: Int)
}

/// A text's tokens while the network reads them, from where it is already known how they begin.
///
/// One token at a time, so that a state comes to the same bits whether its text was read at once or grew.
struct ContextReading {
  private enum Stage {
    case waiting(ReadingContext)
    case reading(tokens: [TokenID], position: Int, HiddenState)
  }

  private var stage: Stage

  /// How far apart states of a text are remembered that is read for the first time.
  private static let spacing = 64

  /// - Parameter context: what follows the `<eos>` from which every sequence is predicted.
  init(_ context: ReadingContext) { stage = .waiting(context) }

  /// Reads on.
  ///
  /// - Returns: the state after the last token, or nil when the budget is used up before.
  mutating func advance(
    by budget: inout Int, with reader: ModelReader, in snapshot: ModelSnapshot
  ) -> HiddenState? {
    var (tokens, position, state) = begun(with: reader, in: snapshot)
    while position < tokens.count, budget > 0 {
      reader.predictor.advance(&state, by: tokens[position], with: snapshot.served)
      budget -= 1
      Self.pass(&position, of: tokens, state, with: reader, in: snapshot)
    }
    stage = .reading(tokens: tokens, position: position, state)
    return position == tokens.count ? state : nil
  }

  /// Reads a token of each of several contexts that are not at their end, all by one pass over the weights.
  ///
  /// - Returns: for each context the state if it is at its end.
  static func advanceTogether(
    _ contexts: inout [ContextReading], with reader: ModelReader, in snapshot: ModelSnapshot
  ) -> [HiddenState?] {
    var begun = contexts.map { $0.begun(with: reader, in: snapshot) }
    let reading = begun.indices.filter { begun[$0].position < begun[$0].tokens.count }
    var states = reading.map { begun[$0].state }
    if !reading.isEmpty {
      let tokens = reading.map { begun[$0].tokens[begun[$0].position] }
      reader.predictor.advance(&states, by: tokens, with: snapshot.served)
    }
    for (index, state) in zip(reading, states) {
      begun[index].state = state
      pass(&begun[index].position, of: begun[index].tokens, state, with: reader, in: snapshot)
    }
    for (index, (tokens, position, state)) in begun.enumerated() {
      contexts[index].stage = .reading(tokens: tokens, position: position, state)
    }
    return begun.map { $0.position == $0.tokens.count ? $0.state : nil }
  }

  /// Goes past a token that was read, and has the state remembered where that is due.
  private static func pass(
    _ position: inout Int, of tokens: [TokenID], _ state: HiddenState, with reader: ModelReader,
    in snapshot: ModelSnapshot
  ) {
    position += 1
    if position == tokens.count || position % spacing == 0 {
      reader.memory.remember(state, after: position, of: tokens, in: snapshot)
    }
  }

  /// Begins to read a text if no more of it is new to all who share the reader's memory than so many bytes, and tokens.
  ///
  /// - Returns: whether it has begun.
  mutating func resume(newLimit: Int, with reader: ModelReader, in snapshot: ModelSnapshot) -> Bool {
    guard case .waiting(.text(let text, let byteCount)) = stage,
      let tokens = reader.memory.tokens(
        of: text.utf8.span.extracting(first: byteCount), newByteLimit: newLimit, in: snapshot)
    else { return false }
    let (position, state) = Self.start(in: tokens, with: reader, in: snapshot)
    guard tokens.count - position <= newLimit else { return false }
    stage = .reading(tokens: tokens, position: position, state)
    return true
  }

  private func begun(
    with reader: ModelReader, in snapshot: ModelSnapshot
  ) -> (tokens: [TokenID], position: Int, state: HiddenState) {
    let tokens: [TokenID]
    switch stage {
    case .reading(let tokens, let position, let state): return (tokens, position, state)
    case .waiting(.tokens(let given)): tokens = snapshot.tokenizer.sequence(of: given)
    case .waiting(.text(let text, let byteCount)):
      tokens = reader.memory.tokens(of: text.utf8.span.extracting(first: byteCount), in: snapshot)
    }
    let (position, state) = Self.start(in: tokens, with: reader, in: snapshot)
    return (tokens, position, state)
  }

  /// Up to where it is known what the tokens lead to.
  private static func start(
    in tokens: [TokenID], with reader: ModelReader, in snapshot: ModelSnapshot
  ) -> (position: Int, state: HiddenState) {
    reader.memory.longestPrefix(of: tokens, in: snapshot) ?? (0, HiddenState(zeroFor: snapshot.weights.shape))
  }
}

extension Tokenizer {
  /// Tokens behind the `<eos>` from which every sequence is predicted.
  func sequence(of tokens: [TokenID]) -> [TokenID] {
    var sequence: [TokenID] = []
    sequence.reserveCapacity(tokens.count + 1)
    sequence.append(endOfSequence)
    sequence.append(contentsOf: tokens)
    return sequence
  }
}
