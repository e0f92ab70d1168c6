import Networks
import System
import Tokenizers

/// What readers remember of the texts that they have read, shared by their threads: the tokens of long texts, and hidden
/// states by the tokens that led to them.
///
/// It only spares work: whatever it holds, answers are the same, to the bit. It is locked for as long as it takes to
/// compare a text or its tokens with what is there, at the speed of memory.
package final class ReadingMemory: Sendable {
  private struct Contents {
    var encodings: EncodingCache
    var states: PrefixStateCache
  }

  private let contents: Monitor<Contents>
  private let isOff: Bool

  /// How many bytes of hidden states are remembered unless said otherwise.
  package static let defaultByteLimit = 8 << 20

  /// - Parameter byteLimit: how many bytes of hidden states to remember, and of long texts with their tokens; 0 for none.
  package init(byteLimit: Int = ReadingMemory.defaultByteLimit) {
    isOff = byteLimit <= 0
    contents = Monitor(
      Contents(encodings: EncodingCache(byteLimit: byteLimit), states: PrefixStateCache(byteLimit: byteLimit)))
  }

  /// How many bytes are remembered.
  package var byteCount: Int { contents.withLock { $0.encodings.byteCount + $0.states.byteCount } }

  /// The tokens of a text, behind the `<eos>` from which every sequence is predicted.
  func tokens(of bytes: Span<UInt8>, in snapshot: ModelSnapshot) -> [TokenID] {
    guard bytes.count >= Self.leastTextByteCount, !isOff else {
      return snapshot.tokenizer.sequence(of: snapshot.tokenizer.ids(bytes))
    }
    return tokens(of: bytes, from: takeText(closestTo: bytes, in: snapshot), in: snapshot)
  }

  /// The same, if no more than so many bytes have to be split for it.
  func tokens(of bytes: Span<UInt8>, newByteLimit: Int, in snapshot: ModelSnapshot) -> [TokenID]? {
    let known = takeText(closestTo: bytes, in: snapshot)
    guard bytes.count - known.resumption <= newByteLimit else {
      contents.withLock { $0.encodings.insert(known.text) }
      return nil
    }
    return tokens(of: bytes, from: known, in: snapshot)
  }

  /// Shorter texts are split in less time than it takes to find them.
  private static let leastTextByteCount = 1024

  /// The text that begins most like this one, and from where on this one's tokens may be others. Nobody else finds it
  /// until it is put back: who asks about it at the same time splits his own.
  private func takeText(
    closestTo bytes: Span<UInt8>, in snapshot: ModelSnapshot
  ) -> (text: KnownText, resumption: Int) {
    guard let (text, shared) = contents.withLock({ $0.encodings.take(closestTo: bytes, in: snapshot) }) else {
      return (KnownText(in: snapshot), 0)
    }
    return (text, snapshot.tokenizer.resumption(in: bytes, before: shared))
  }

  private func tokens(
    of bytes: Span<UInt8>, from known: consuming (text: KnownText, resumption: Int), in snapshot: ModelSnapshot
  ) -> [TokenID] {
    known.text.become(bytes, from: known.resumption, by: snapshot.tokenizer)
    let tokens = known.text.tokens
    contents.withLock { $0.encodings.insert(known.text) }
    return tokens
  }

  /// The state after the longest remembered beginning of `tokens`, and how many tokens that is; nil after none.
  func longestPrefix(of tokens: [TokenID], in snapshot: ModelSnapshot) -> (count: Int, state: HiddenState)? {
    contents.withLock { $0.states.longestPrefix(of: tokens, in: snapshot) }
  }

  /// Remembers the state after the first `count` of `tokens`.
  func remember(_ state: HiddenState, after count: Int, of tokens: [TokenID], in snapshot: ModelSnapshot) {
    if !isOff { contents.withLock { $0.states.insert(state, after: count, of: tokens, in: snapshot) } }
  }
}
