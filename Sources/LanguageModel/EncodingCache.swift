import JSON
import Tokenizers

/// A text and its tokens, so that of one that begins alike only the end is split again.
struct KnownText: Sendable {
  /// The generation of the model whose vocabulary it was; learning gives words numbers.
  let generation: UInt64
  private(set) var bytes: [UInt8] = []
  /// Its tokens, behind the `<eos>` from which every sequence is predicted.
  private(set) var tokens: [TokenID]
  /// Where each token but the first ends.
  private var ends: [Int] = []

  /// No text.
  init(in snapshot: ModelSnapshot) {
    generation = snapshot.generation
    tokens = [snapshot.tokenizer.endOfSequence]
  }

  var byteCount: Int {
    bytes.count + tokens.count * MemoryLayout<TokenID>.stride + ends.count * MemoryLayout<Int>.stride
  }

  /// Becomes another text.
  ///
  /// - Parameter resumption: up to where they are alike, and from where on its tokens may be others, as the tokenizer says.
  mutating func become(_ text: Span<UInt8>, from resumption: Int, by tokenizer: Tokenizer) {
    let kept = countOfTokens(endingBy: resumption)
    tokens.removeSubrange((kept + 1)...)
    ends.removeSubrange(kept...)
    let rest = tokenizer.encode(text.extracting(resumption...))
    tokens.append(contentsOf: rest.ids)
    ends.append(contentsOf: rest.ranges.lazy.map { $0.upperBound + resumption })
    bytes.removeSubrange(resumption...)
    bytes.append(copying: text.extracting(resumption...))
  }

  /// How many tokens but the first end at or before a position.
  private func countOfTokens(endingBy position: Int) -> Int {
    var low = 0
    var high = ends.count
    while low < high {
      let middle = (low + high) / 2
      if ends[middle] <= position { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// The last few long texts.
struct EncodingCache {
  /// Used least recently first.
  private var texts: [KnownText] = []

  private static let countLimit = 4

  let byteLimit: Int

  init(byteLimit: Int) { self.byteLimit = byteLimit }

  var byteCount: Int { texts.reduce(0) { $0 + $1.byteCount } }

  /// Takes out the text that has the most in common with one, if that is more than half of it.
  mutating func take(
    closestTo bytes: Span<UInt8>, in snapshot: ModelSnapshot
  ) -> (text: KnownText, sharedByteCount: Int)? {
    texts.removeAll { $0.generation < snapshot.generation }
    var best: (index: Int, sharedByteCount: Int)?
    for (index, text) in texts.enumerated() where text.generation == snapshot.generation {
      let shared = bytes.countInCommon(with: text.bytes.span)
      if shared > best?.sharedByteCount ?? (bytes.count / 2) { best = (index, shared) }
    }
    return best.map { (texts.remove(at: $0.index), $0.sharedByteCount) }
  }

  mutating func insert(_ text: KnownText) {
    if text.bytes.isEmpty { return }
    texts.append(text)
    while texts.count > Self.countLimit || byteCount > byteLimit, !texts.isEmpty { texts.removeFirst() }
  }
}

extension Span where Element: FixedWidthInteger {
  /// How many elements two stretches begin with in common.
  ///
  /// Whole blocks first, without a branch within: those run at the speed of memory.
  func countInCommon(with other: Span<Element>) -> Int {
    let end = Swift.min(count, other.count)
    var position = 0
    while position + 64 <= end {
      var difference: Element = 0
      for index in position..<position + 64 { difference |= self[index] ^ other[index] }
      if difference != 0 { break }
      position += 64
    }
    while position < end, self[position] == other[position] { position += 1 }
    return position
  }
}
