/// Byte strings numbered in the order in which they came, found by their bytes.
///
/// The bytes lie end to end in one array. The index is an open-addressing table with linear probing, at most half
/// full; a slot holds the upper half of an entry's hash beside its number plus one, and zero when it is free.
struct VocabularySegment: Sendable {
  private(set) var bytes: [UInt8] = []
  /// Where each entry's bytes end.
  private(set) var ends: [Int] = []
  private var slots: [UInt64] = []

  var count: Int { ends.count }

  /// Where an entry's bytes lie in `bytes`.
  @inline(__always)
  func range(of entry: Int) -> Range<Int> {
    (entry == 0 ? 0 : ends[entry &- 1])..<ends[entry]
  }

  /// The entry whose bytes are those of `text` in `range`, which hash to `hash`.
  @inline(__always)
  func find(_ text: Span<UInt8>, _ range: Range<Int>, hash: UInt64) -> Int? {
    if slots.isEmpty { return nil }
    let slots = slots.span
    let mask = slots.count &- 1
    let tag = hash &>> 32
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] != 0 {
      let found = slots[slot]
      if found &>> 32 == tag {
        let entry = Int(truncatingIfNeeded: found & 0xFFFF_FFFF) &- 1
        if isEqual(entry, text, range) { return entry }
      }
      slot = (slot &+ 1) & mask
    }
    return nil
  }

  @inline(__always)
  private func isEqual(_ entry: Int, _ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    let own = self.range(of: entry)
    if own.count != range.count { return false }
    let bytes = bytes.span
    for offset in 0..<range.count where bytes[own.lowerBound &+ offset] != text[range.lowerBound &+ offset] {
      return false
    }
    return true
  }

  /// Adds an entry that is not there yet.
  mutating func append(_ text: Span<UInt8>, _ range: Range<Int>, hash: UInt64, secret: ByteHash.Secret) {
    for position in range { bytes.append(text[position]) }
    ends.append(bytes.count)
    if ends.count * 2 > slots.count {
      rebuildIndex(slotCount: max(16, slots.count * 2), secret: secret)
    } else {
      insert(entry: ends.count - 1, hash: hash)
    }
  }

  /// Adds all of another segment's entries behind this one's.
  mutating func append(_ other: VocabularySegment, secret: ByteHash.Secret) {
    let offset = bytes.count
    bytes.append(contentsOf: other.bytes)
    ends.append(contentsOf: other.ends.lazy.map { $0 + offset })
    var slotCount = max(16, slots.count)
    while ends.count * 2 > slotCount { slotCount *= 2 }
    rebuildIndex(slotCount: slotCount, secret: secret)
  }

  private mutating func rebuildIndex(slotCount: Int, secret: ByteHash.Secret) {
    slots = [UInt64](repeating: 0, count: slotCount)
    for entry in ends.indices {
      insert(entry: entry, hash: ByteHash.hash(bytes.span, range(of: entry), secret: secret))
    }
  }

  private mutating func insert(entry: Int, hash: UInt64) {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] != 0 { slot = (slot + 1) & mask }
    slots[slot] = (hash & 0xFFFF_FFFF_0000_0000) | UInt64(entry + 1)
  }
}
