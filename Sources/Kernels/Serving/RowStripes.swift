/// How the rows of a compact matrix stand in memory: in groups of 16, as the lanes of a register, and up to eight groups
/// side by side in a stripe. A stripe holds the first columns of all its rows, then their next ones.
///
/// So a product reads one stream from beginning to end with many sums side by side. Memory delivers one stream faster
/// than the several that these sums would otherwise read.
struct RowStripes {
  let groupCount: Int

  private static let widest = 8

  init(rows: Int) { groupCount = (rows + laneCount - 1) / laneCount }

  /// How many stripes there are.
  var count: Int { (groupCount + Self.widest - 1) / Self.widest }

  /// A stripe's groups. All have as many, or one more or less: a narrow one would wait for each of its few sums.
  func groups(of stripe: Int) -> Range<Int> { EvenSplit(0..<groupCount, count: count).range(of: stripe) }

  /// How many stripes are worth a thread: a quarter of a megabyte.
  ///
  /// - Parameter groupByteCount: how many bytes a group takes.
  static func grain(groupByteCount: Int) -> Int { max(1, (1 << 18) / max(1, widest * groupByteCount)) }

  /// How far ahead of its use a product asks for a number, in numbers: what the third cache delivers while it answers.
  static let distance = 32 * laneCount
}
