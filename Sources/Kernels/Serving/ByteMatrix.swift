import CSystem

/// A matrix in one byte a number, for products with one vector or a few: these wait for the memory, which has a quarter
/// of the bytes to deliver.
///
/// A number is a whole number from -127 to 127 times its row's scale, so off by at most half of that.
///
/// Rows stand in stripes, their first four columns, then their next four. What is missing at the ends is zero.
///
/// Sendable by proof: only `pack` changes it, and that is for who holds it alone.
package final class ByteMatrix: @unchecked Sendable {
  /// How many rows it has, at most `rowCapacity`.
  package private(set) var rows = 0
  package let rowCapacity: Int
  package let columns: Int
  /// Groups of four bytes, seen as `Float`s.
  let words: FloatBuffer
  /// Each row's scale.
  let rowScales: FloatBuffer
  /// Each row's sum of its whole numbers times -128, a whole number itself, seen as a `Float`.
  let rowOffsets: FloatBuffer
  /// The greatest row's scale.
  private(set) var greatestScale: Float = 0

  /// Sums are 32 bits long.
  package static let columnLimit = 65_536

  /// Makes a matrix without rows.
  ///
  /// - Precondition: there are at most `columnLimit` columns.
  package init(rowCapacity: Int, columns: Int) {
    precondition(columns <= Self.columnLimit, "ByteMatrix: too many columns")
    self.rowCapacity = rowCapacity
    self.columns = columns
    let groupCount = RowStripes(rows: rowCapacity).groupCount
    words = FloatBuffer(count: groupCount * ((columns + 3) / 4) * laneCount)
    rowScales = FloatBuffer(count: groupCount * laneCount)
    rowOffsets = FloatBuffer(count: groupCount * laneCount)
  }

  /// How much memory it takes.
  package var byteCount: Int { (words.count + rowScales.count + rowOffsets.count) * MemoryLayout<Float>.stride }

  /// How many groups of four bytes a row has.
  var wordsPerRow: Int { (columns + 3) / 4 }

  var stripes: RowStripes { RowStripes(rows: rows) }

  /// Where a group's words begin, which follow each other at a distance of all lanes of its stripe.
  func start(of group: Int, in stripe: Range<Int>) -> UnsafeMutablePointer<Float> {
    unsafe words.base + (stripe.lowerBound * wordsPerRow + group - stripe.lowerBound) * laneCount
  }

  /// Takes over a matrix's numbers, rounded. A row that holds a number that is not finite multiplies to NaN.
  ///
  /// - Precondition: `source` has as many columns and no more rows than there is room for; nobody else uses this matrix.
  package func pack(_ source: Matrix, team: ThreadTeam) {
    precondition(source.rows <= rowCapacity && source.columns == columns, "ByteMatrix: shapes differ")
    rows = source.rows
    team.run(BytePacking(source: source, target: self), count: stripes.count, grain: 1)
    greatestScale = unsafe greatestMagnitude(rowScales.base, count: rows)
  }
}

/// Packing, cut by stripes.
private struct BytePacking: TeamWork {
  let source: Matrix
  let target: ByteMatrix

  func run(_ items: Range<Int>, scratch: Scratch) {
    for item in items {
      let stripe = target.stripes.groups(of: item)
      for group in stripe { pack(group, in: stripe) }
    }
  }

  /// Packs 16 rows, by blocks of 16 words of each, which are then transposed.
  private func pack(_ group: Int, in stripe: Range<Int>) {
    let firstRow = group * laneCount
    let rowCount = min(laneCount, source.rows - firstRow)
    let (columns, words) = (source.columns, target.wordsPerRow)
    var (inverses, sums) = (Lanes.zero, SIMD16<Int32>.zero)
    for lane in 0..<rowCount { inverses[lane] = measure(row: firstRow + lane) }
    let place = unsafe target.start(of: group, in: stripe)
    for word in stride(from: 0, to: words, by: laneCount) {
      var block = InlineArray<16, Lanes>(repeating: .zero)
      let column = word * 4
      for lane in 0..<rowCount {
        let start = unsafe source.start + (firstRow + lane) * source.rowStride + column
        block[lane] = unsafe bytes(start, count: min(64, columns - column), factor: inverses[lane])
      }
      transpose(&block)
      for offset in 0..<min(laneCount, words - word) {
        sums = rnnd_add_byte_products(sums, onesAsBytes, block[offset])
        unsafe place.set(block[offset], at: (word + offset) * stripe.count * laneCount)
      }
    }
    unsafe target.rowOffsets.base.set(unsafeBitCast(sums &* -128, to: Lanes.self), at: firstRow)
  }

  /// Sets a row's scale, and returns what its numbers are to be multiplied by.
  private func measure(row: Int) -> Float {
    let greatest = unsafe greatestMagnitude(source.start + row * source.rowStride, count: source.columns)
    unsafe target.rowScales.base[row] = greatest.isFinite ? greatest / 127 : .nan
    return greatest.isFinite && greatest >= .leastNormalMagnitude * 127 ? 127 / greatest : 0
  }
}

/// One in each byte.
private var onesAsBytes: Lanes { unsafe unsafeBitCast(SIMD16<UInt32>(repeating: 0x0101_0101), to: Lanes.self) }

/// 64 numbers times a factor as bytes, the first in the lowest place; zeros where there are fewer.
@inline(__always)
private func bytes(_ start: UnsafePointer<Float>, count: Int, factor: Float) -> Lanes {
  guard factor != 0 else { return .zero }
  guard count < 64 else {
    return unsafe rnnd_bytes(
      rnnd_nearest_integers(start.lanes(at: 0) * factor),
      rnnd_nearest_integers(start.lanes(at: laneCount) * factor),
      rnnd_nearest_integers(start.lanes(at: 2 * laneCount) * factor),
      rnnd_nearest_integers(start.lanes(at: 3 * laneCount) * factor))
  }
  func quarter(_ index: Int) -> SIMD16<Int32> {
    let offset = index * laneCount
    guard offset < count else { return .zero }
    return rnnd_nearest_integers(unsafe start.lanes(at: offset, count: min(laneCount, count - offset)) * factor)
  }
  return rnnd_bytes(quarter(0), quarter(1), quarter(2), quarter(3))
}
