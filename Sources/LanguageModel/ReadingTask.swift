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

/// A text's tokens while the network reads them, from where it is already known how they begin.
///
/// One token at a time, so that a state comes to the same bits whether its text was read at once or grew.
struct ContextReading {
  private let tokens: [TokenID]
  private var position = 0
  private var progress: HiddenState?

  /// How far apart states of a text are remembered that is read for the first time.
  private static let spacing = 64

  /// - Parameter tokens: what follows the `<eos>` from which every sequence is predicted.
  init(_ tokens: [TokenID], in snapshot: ModelSnapshot) {
    self.tokens = [snapshot.tokenizer.endOfSequence] + tokens
  }

  /// Reads on.
  ///
  /// - Returns: the state after the last token, or nil when the budget is used up before.
  mutating func advance(
    by budget: inout Int, with reader: ModelReader, in snapshot: ModelSnapshot
  ) -> HiddenState? {
    var state: HiddenState
    if let progress {
      state = progress
    } else {
      (position, state) = reader.longestPrefix(of: tokens, in: snapshot)
    }
    progress = nil
    while position < tokens.count, budget > 0 {
      reader.evaluator.advance(&state, by: tokens[position], with: snapshot.weights)
      position += 1
      budget -= 1
      if position == tokens.count || position % Self.spacing == 0 {
        reader.remember(state, after: position, of: tokens, in: snapshot)
      }
    }
    progress = state
    return position == tokens.count ? state : nil
  }
}
