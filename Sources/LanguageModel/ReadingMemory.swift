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

  // MARK: - Texts

  /// Begins to read a text, where it isn't known yet what it leads to.
  func begin(_ bytes: Span<UInt8>, in snapshot: ModelSnapshot) -> TokenReading {
    guard bytes.count >= Self.leastTextByteCount, !isOff else {
      return begin(snapshot.tokenizer.ids(bytes), in: snapshot)
    }
    return begin(bytes, knowing: takeText(closestTo: bytes, in: snapshot), in: snapshot)
  }

  /// The same if no more of it is new than so many bytes, and tokens.
  func begin(_ bytes: Span<UInt8>, newLimit: Int, in snapshot: ModelSnapshot) -> TokenReading? {
    let known = takeText(closestTo: bytes, in: snapshot)
    guard bytes.count - known.resumption <= newLimit else {
      contents.withLock { $0.encodings.insert(known.text) }
      return nil
    }
    let reading = begin(bytes, knowing: known, in: snapshot)
    return reading.tokens.count - reading.position <= newLimit ? reading : nil
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

  private func begin(
    _ bytes: Span<UInt8>, knowing known: (text: KnownText, resumption: Int), in snapshot: ModelSnapshot
  ) -> TokenReading {
    known.text.become(bytes, from: known.resumption, by: snapshot.tokenizer)
    return contents.withLock {
      let reading = $0.states.begin(known.text.tokens, from: known.text.place, in: snapshot)
      known.text.place = reading.place
      $0.encodings.insert(known.text)
      return reading
    }
  }

  // MARK: - Tokens

  /// Begins to read tokens, where it isn't known yet what they lead to.
  func begin(_ tokens: [TokenID], in snapshot: ModelSnapshot) -> TokenReading {
    let sequence = snapshot.tokenizer.sequence(of: tokens)
    return contents.withLock { $0.states.begin(sequence, in: snapshot) }
  }

  /// Remembers what tokens have led to so far.
  func remember(_ reading: inout TokenReading, in snapshot: ModelSnapshot) {
    if !isOff { contents.withLock { $0.states.insert(&reading, in: snapshot) } }
  }
}
