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

/// Tokens on their way through the network.
struct TokenReading {
  /// Behind the `<eos>` from which every sequence is predicted.
  let tokens: [TokenID]
  /// How many have been read.
  fileprivate(set) var position: Int
  /// What they have led to.
  fileprivate(set) var state: HiddenState
  /// Where they lead among the states that are remembered.
  var place: PrefixPlace?

  init(tokens: [TokenID], position: Int, state: HiddenState, place: PrefixPlace? = nil) {
    self.tokens = tokens
    self.position = position
    self.state = state
    self.place = place
  }

  var isAtEnd: Bool { position == tokens.count }
}

/// A text's tokens while the network reads them, from where it is already known how they begin.
///
/// One token at a time, so that a state comes to the same bits whether its text was read at once or grew.
struct ContextReading {
  private enum Stage {
    case waiting(ReadingContext)
    case reading(TokenReading)
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
    var reading = begun(with: reader, in: snapshot)
    while !reading.isAtEnd, budget > 0 {
      reader.predictor.advance(&reading.state, by: reading.tokens[reading.position], with: snapshot.served)
      budget -= 1
      Self.pass(&reading, with: reader, in: snapshot)
    }
    stage = .reading(reading)
    return reading.isAtEnd ? reading.state : nil
  }

  /// Reads a token of each of several contexts that are not at their end, all by one pass over the weights.
  ///
  /// - Returns: for each context the state if it is at its end.
  static func advanceTogether(
    _ contexts: inout [ContextReading], with reader: ModelReader, in snapshot: ModelSnapshot
  ) -> [HiddenState?] {
    var readings = contexts.map { $0.begun(with: reader, in: snapshot) }
    let unfinished = readings.indices.filter { !readings[$0].isAtEnd }
    var states = unfinished.map { readings[$0].state }
    if !unfinished.isEmpty {
      let tokens = unfinished.map { readings[$0].tokens[readings[$0].position] }
      reader.predictor.advance(&states, by: tokens, with: snapshot.served)
    }
    for (index, state) in zip(unfinished, states) {
      readings[index].state = state
      pass(&readings[index], with: reader, in: snapshot)
    }
    for (index, reading) in readings.enumerated() { contexts[index].stage = .reading(reading) }
    return readings.map { $0.isAtEnd ? $0.state : nil }
  }

  /// Goes past a token that was read, and has the state remembered where that is due.
  private static func pass(_ reading: inout TokenReading, with reader: ModelReader, in snapshot: ModelSnapshot) {
    reading.position += 1
    if reading.isAtEnd || reading.position % spacing == 0 { reader.memory.remember(&reading, in: snapshot) }
  }

  /// Begins to read a text if no more of it is new to all who share the reader's memory than so many bytes, and tokens.
  ///
  /// - Returns: whether it has begun.
  mutating func resume(newLimit: Int, with reader: ModelReader, in snapshot: ModelSnapshot) -> Bool {
    guard case .waiting(.text(let text, let byteCount)) = stage,
      let reading = reader.memory.begin(
        text.utf8.span.extracting(first: byteCount), newLimit: newLimit, in: snapshot)
    else { return false }
    stage = .reading(reading)
    return true
  }

  private func begun(with reader: ModelReader, in snapshot: ModelSnapshot) -> TokenReading {
    switch stage {
    case .reading(let reading): reading
    case .waiting(.tokens(let tokens)): reader.memory.begin(tokens, in: snapshot)
    case .waiting(.text(let text, let byteCount)):
      reader.memory.begin(text.utf8.span.extracting(first: byteCount), in: snapshot)
    }
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
