/// How long calls took, counted in buckets of fixed relative width.
///
/// Four buckets to each power of two, so a percentile is at most 19% off, in 256 counters and without allocating.
struct LatencyHistogram {
  private var counts = [UInt64](repeating: 0, count: 256)
  private(set) var count: UInt64 = 0
  private(set) var maximumNanoseconds: UInt64 = 0

  mutating func record(nanoseconds: UInt64) {
    counts[Self.bucket(of: nanoseconds)] += 1
    count += 1
    maximumNanoseconds = max(maximumNanoseconds, nanoseconds)
  }

  /// The latency that a share of the calls stayed at or below, as the upper edge of its bucket; nil before the first.
  func nanoseconds(atPercentile percentile: Double) -> Double? {
    guard count > 0 else { return nil }
    let rank = (Double(count) * percentile / 100).rounded(.up)
    var seen: UInt64 = 0
    for (bucket, bucketCount) in counts.enumerated() {
      seen += bucketCount
      if Double(seen) >= rank { return min(Self.upperEdge(of: bucket), Double(maximumNanoseconds)) }
    }
    return Double(maximumNanoseconds)
  }

  /// Two bits below the leading one tell the quarter of the octave.
  private static func bucket(of nanoseconds: UInt64) -> Int {
    let value = max(nanoseconds, 4)
    let octave = 63 - value.leadingZeroBitCount
    return octave * 4 + Int((value >> (UInt64(octave) - 2)) & 3)
  }

  private static func upperEdge(of bucket: Int) -> Double {
    let octave = bucket / 4
    guard octave >= 2 else { return 4 }
    let scale = Double(UInt64(1) << UInt64(octave - 2))
    return scale * Double(4 + bucket % 4 + 1)
  }
}
