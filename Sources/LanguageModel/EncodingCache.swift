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
