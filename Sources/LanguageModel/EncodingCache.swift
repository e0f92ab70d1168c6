import Tokenizers

/// The tokens of the last few long texts, so that of one that grew only the end is split again.
///
/// Kept under the generation of the vocabulary's model, as learning gives words numbers.
struct EncodingCache {
  private struct Entry {
    let generation: UInt64
    var bytes: [UInt8]
    var encoding: Encoding

    var byteCount: Int {
      bytes.count + encoding.count * (MemoryLayout<TokenID>.stride + MemoryLayout<Range<Int>>.stride)
    }
  }

  /// Used least recently first.
  private var entries: [Entry] = []

  /// Shorter texts are split in less time than it takes to find them.
  private static let leastByteCount = 1024
  private static let countLimit = 4

  let byteLimit: Int

  init(byteLimit: Int) { self.byteLimit = byteLimit }

  var byteCount: Int { entries.reduce(0) { $0 + $1.byteCount } }

  /// The tokens of a text.
  mutating func tokens(of bytes: [UInt8], in snapshot: ModelSnapshot) -> [TokenID] {
    guard bytes.count >= Self.leastByteCount, byteLimit > 0 else { return snapshot.tokenizer.ids(bytes.span) }
    entries.removeAll { $0.generation < snapshot.generation }
    var best: (index: Int, sharedCount: Int) = (-1, bytes.count / 2)
    for (index, entry) in entries.enumerated() where entry.generation == snapshot.generation {
      let shared = bytes.span.countInCommon(with: entry.bytes.span)
      if shared > best.sharedCount { best = (index, shared) }
    }
    var entry: Entry
    if best.index >= 0 {
      entry = entries.remove(at: best.index)
      snapshot.tokenizer.update(&entry.encoding, toThatOf: bytes.span, sharedByteCount: best.sharedCount)
      entry.bytes = bytes
    } else {
      entry = Entry(generation: snapshot.generation, bytes: bytes, encoding: snapshot.tokenizer.encode(bytes.span))
    }
    let ids = entry.encoding.ids
    entries.append(entry)
    while entries.count > Self.countLimit || byteCount > byteLimit, !entries.isEmpty { entries.removeFirst() }
    return ids
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
