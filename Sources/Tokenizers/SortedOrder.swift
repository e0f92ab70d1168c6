import Synchronization

/// A segment's entries in the order of their bytes, sorted when it is first asked for.
///
/// One object belongs to one state of one segment and is shared by all copies of it. Of readers on several threads that
/// ask first, each sorts and all use what the first one found.
final class SortedOrder: Sendable {
  private final class Entries: Sendable {
    let sorted: [Int32]

    init(_ segment: VocabularySegment) { sorted = SortedOrder.sort(segment) }
  }

  private let entries = AtomicLazyReference<Entries>()

  /// The entries of `segment` whose bytes begin with `prefix`.
  func entries(of segment: VocabularySegment, withPrefix prefix: [UInt8]) -> [Int32] {
    let order = (entries.load() ?? entries.storeIfNil(Entries(segment))).sorted
    var low = 0
    var high = order.count
    while low < high {
      let middle = (low + high) / 2
      if segment.bytes[segment.range(of: Int(order[middle]))].lexicographicallyPrecedes(prefix) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    var end = low
    while end < order.count, segment.bytes[segment.range(of: Int(order[end]))].starts(with: prefix) { end += 1 }
    return Array(order[low..<end])
  }

  /// Sorts by the first eight bytes as one number, and only where those are equal by the bytes themselves.
  private static func sort(_ segment: VocabularySegment) -> [Int32] {
    var keyed: [(key: UInt64, entry: Int32)] = []
    keyed.reserveCapacity(segment.count)
    for entry in 0..<segment.count {
      var key: UInt64 = 0
      let bytes = segment.bytes[segment.range(of: entry)].prefix(8)
      for byte in bytes { key = key << 8 | UInt64(byte) }
      key <<= UInt64(8 * (8 - bytes.count))
      keyed.append((key, Int32(truncatingIfNeeded: entry)))
    }
    keyed.sort { first, second in
      if first.key != second.key { return first.key < second.key }
      return segment.bytes[segment.range(of: Int(first.entry))]
        .lexicographicallyPrecedes(segment.bytes[segment.range(of: Int(second.entry))])
    }
    return keyed.map(\.entry)
  }
}
