import CSystem

/// Numbers of A that the next row of tiles reads, to be asked for while this one computes: some cache lines with every
/// `stepCount` steps, as the processor can wait for a few dozen at a time and the tile waits for lines of its own.
///
/// The processor foresees a walk along memory by itself, but none from row to row.
@safe
struct TileAhead {
  private var place: UnsafePointer<Float>
  /// How many lines are asked for at a time, and the distances between them and from each time to the next.
  private let lineCount: Int
  private let lineStride: Int
  private let stride: Int

  /// How often something is asked for.
  static let stepCount = 16

  /// A's next rows, row by row.
  ///
  /// - Parameters:
  ///   - start: Their first number.
  ///   - part: Which of `partCount` parts, one for each panel of the present row of tiles.
  init(rows: Int, from start: UnsafePointer<Float>, rowStride: Int, part: Int, of partCount: Int) {
    let rows = EvenSplit(0..<rows, count: partCount).range(of: part)
    unsafe place = unsafe start + rows.lowerBound * rowStride
    lineCount = rows.count
    lineStride = rowStride
    stride = Self.stepCount
  }

  /// A's next rows, of a transposed A: at each depth they share a cache line.
  ///
  /// - Parameter last: The last row's first number; what comes before it in its line, or in the line before, has been
  ///   read.
  init(depth: Int, fromLast last: UnsafePointer<Float>, depthStride: Int, part: Int, of partCount: Int) {
    let depths = EvenSplit(0..<depth, count: partCount).range(of: part)
    let times = EvenSplit(0..<depth, limit: Self.stepCount).count
    lineCount = EvenSplit(depths, count: times).largest
    // Whole times may be more than the part: the last ends where the depth does.
    let first = max(0, min(depths.lowerBound, depth - lineCount * times))
    unsafe place = unsafe last + first * depthStride
    lineStride = depthStride
    stride = lineCount * depthStride
  }

  /// Asks for what is next in turn.
  @inline(__always)
  mutating func ask() {
    var line = unsafe place
    for _ in 0..<lineCount {
      unsafe rnnd_prefetch(line)
      unsafe line += lineStride
    }
    unsafe place += stride
  }
}
