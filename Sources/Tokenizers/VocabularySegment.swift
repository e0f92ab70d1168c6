/// Byte strings numbered in the order in which they came, found by their bytes.
///
/// The bytes lie end to end in one array. The index is an open-addressing table with linear probing, at most half
/// full. Its slots hold the beginning of an entry's bytes, so that most words are found without a look at the bytes
/// themselves.
struct VocabularySegment: Sendable {
  private(set) var bytes: [UInt8] = []
  /// Where each entry's bytes end.
  private(set) var ends: [Int] = []
  private var slots: [Slot] = []

  /// A string as it is looked up.
  struct Key {
    /// Its first eight bytes.
    let beginning: UInt64
    let hash: UInt64

    @inline(__always)
    init(_ text: Span<UInt8>, _ range: Range<Int>, secret: ByteHash.Secret) {
      beginning = ByteHash.pack(text, range)
      hash = ByteHash.hash(text, range, beginning: beginning, secret: secret)
    }
  }

  private struct Slot {
    /// The entry's first eight bytes.
    var beginning: UInt64 = 0
    /// The entry's number plus one, and zero in a free slot.
    var number: UInt32 = 0
    /// The upper half of the entry's hash, its lowest byte replaced by the entry's length, or by 255 for a longer one.
    var tag: UInt32 = 0

    @inline(__always)
    static func tag(hash: UInt64, byteCount: Int) -> UInt32 {
      UInt32(truncatingIfNeeded: hash &>> 32) & 0xFFFF_FF00 | UInt32(truncatingIfNeeded: min(byteCount, 255))
    }
  }

  var count: Int { ends.count }

  /// Where an entry's bytes lie in `bytes`.
  @inline(__always)
  func range(of entry: Int) -> Range<Int> {
    (entry == 0 ? 0 : ends[entry &- 1])..<ends[entry]
  }

  /// The entry whose bytes are those of `text` in `range`, of which `key` was made.
  @inline(__always)
  func find(_ text: Span<UInt8>, _ range: Range<Int>, _ key: Key) -> Int? {
    if slots.isEmpty { return nil }
    let slots = slots.span
    let mask = slots.count &- 1
    let tag = Slot.tag(hash: key.hash, byteCount: range.count)
    var index = Int(truncatingIfNeeded: key.hash) & mask
    while true {
      let slot = slots[index]
      if slot.number == 0 { return nil }
      if slot.beginning == key.beginning, slot.tag == tag {
        let entry = Int(truncatingIfNeeded: slot.number) &- 1
        if range.count <= 8 || isEqual(entry, text, range) { return entry }
      }
      index = (index &+ 1) & mask
    }
  }

  private func isEqual(_ entry: Int, _ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    let own = self.range(of: entry)
    if own.count != range.count { return false }
    let bytes = bytes.span
    for offset in 8..<range.count where bytes[own.lowerBound &+ offset] != text[range.lowerBound &+ offset] {
      return false
    }
    return true
  }

  /// Adds an entry, of whose bytes `key` was made.
  ///
  /// - Precondition: fewer than `UInt32.max` entries.
  mutating func append(_ text: Span<UInt8>, _ range: Range<Int>, _ key: Key, secret: ByteHash.Secret) {
    for position in range { bytes.append(text[position]) }
    ends.append(bytes.count)
    if ends.count * 2 > slots.count {
      rebuildIndex(slotCount: max(16, slots.count * 2), secret: secret)
    } else {
      insert(entry: ends.count - 1, byteCount: range.count, key)
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
    slots = [Slot](repeating: Slot(), count: slotCount)
    for entry in ends.indices {
      let range = range(of: entry)
      insert(entry: entry, byteCount: range.count, Key(bytes.span, range, secret: secret))
    }
  }

  private mutating func insert(entry: Int, byteCount: Int, _ key: Key) {
    let mask = slots.count - 1
    var index = Int(truncatingIfNeeded: key.hash) & mask
    while slots[index].number != 0 { index = (index + 1) & mask }
    slots[index] = Slot(
      beginning: key.beginning, number: UInt32(entry + 1), tag: Slot.tag(hash: key.hash, byteCount: byteCount))
  }
}
