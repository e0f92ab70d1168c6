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

  /// The entries of `segment` whose bytes begin with `prefix`, in the order of their bytes.
  ///
  /// - Complexity: O(log n), once it is sorted.
  func entries(of segment: VocabularySegment, withPrefix prefix: [UInt8]) -> ArraySlice<Int32> {
    let order = (entries.load() ?? entries.storeIfNil(Entries(segment))).sorted
    let start = Self.firstIndex(in: order, in: 0..<order.count) { segment.compare($0, withPrefix: prefix) >= 0 }
    // Most often there are few: the end is looked for in steps that double.
    var (reach, step) = (start, 1)
    while reach < order.count, segment.compare(Int(order[reach]), withPrefix: prefix) == 0 {
      reach = min(order.count, reach + step)
      step *= 2
    }
    let low = max(start, reach - step / 2)
    let end = Self.firstIndex(in: order, in: low..<reach) { segment.compare($0, withPrefix: prefix) > 0 }
    return order[start..<end]
  }

  /// The first index in a range whose entry satisfies a condition that holds for all that follow it, too.
  private static func firstIndex(in order: [Int32], in range: Range<Int>, where condition: (Int) -> Bool) -> Int {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if condition(Int(order[middle])) { high = middle } else { low = middle + 1 }
    }
    return low
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

extension VocabularySegment {
  /// Whether an entry stands before those that begin with some bytes (negative), is one of them (0), or comes after.
  fileprivate func compare(_ entry: Int, withPrefix prefix: [UInt8]) -> Int {
    let range = range(of: entry)
    let (bytes, prefix) = (bytes.span, prefix.span)
    for offset in 0..<min(range.count, prefix.count) {
      let difference = Int(bytes[range.lowerBound &+ offset]) &- Int(prefix[offset])
      if difference != 0 { return difference }
    }
    return range.count < prefix.count ? -1 : 0
  }
}
