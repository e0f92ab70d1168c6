import CSystem

/// A matrix in half precision, for products with one vector or a few: these wait for the memory, which has half of the
/// bytes to deliver.
///
/// Each row is scaled by a power of two so that its greatest number has a magnitude from 1 to 2. A number w is off by at
/// most |w| · 2⁻¹¹, and the smallest, beyond the format's range, by 2⁻²⁵ of the row's greatest.
///
/// Rows stand in stripes, their first column, then their next. Rows missing at the end are zero.
///
/// Sendable by proof: only `pack` changes it, and that is for who holds it alone.
package final class HalfMatrix: @unchecked Sendable {
  package let rows: Int
  package let columns: Int
  /// Pairs of halves, seen as `Float`s.
  let words: FloatBuffer
  /// What each row is to be multiplied by.
  let rowScales: FloatBuffer

  /// Eight words hold 16 halves.
  static let wordsPerColumn = laneCount / 2

  /// Makes a matrix of zeros.
  package init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    let groupCount = RowStripes(rows: rows).groupCount
    words = FloatBuffer(count: groupCount * columns * Self.wordsPerColumn)
    rowScales = FloatBuffer(count: groupCount * laneCount)
  }

  /// How much memory it takes.
  package var byteCount: Int { (words.count + rowScales.count) * MemoryLayout<Float>.stride }

  var stripes: RowStripes { RowStripes(rows: rows) }

  /// Where a group's columns begin, which follow each other at a distance of all columns of its stripe.
  func start(of group: Int, in stripe: Range<Int>) -> UnsafeMutablePointer<Float> {
    unsafe words.base + (stripe.lowerBound * columns + group - stripe.lowerBound) * Self.wordsPerColumn
  }

  /// Takes over a matrix's numbers, rounded. A row that holds a number that is not finite multiplies to NaN.
  ///
  /// - Precondition: `source` is `[rows, columns]`; nobody else uses this matrix.
  package func pack(_ source: Matrix, team: ThreadTeam) {
    precondition(source.rows == rows && source.columns == columns, "HalfMatrix: shapes differ")
    team.run(HalfPacking(source: source, target: self), count: stripes.count, grain: 1)
  }
}

/// Packing, cut by stripes.
private struct HalfPacking: TeamWork {
  let source: Matrix
  let target: HalfMatrix

  func run(_ items: Range<Int>, scratch: Scratch) {
    for item in items {
      let stripe = target.stripes.groups(of: item)
      for group in stripe { pack(group, in: stripe) }
    }
  }

  /// Packs 16 rows, by blocks of 16 columns, which are transposed.
  private func pack(_ group: Int, in stripe: Range<Int>) {
    let firstRow = group * laneCount
    let rowCount = min(laneCount, source.rows - firstRow)
    var factors = Lanes.zero
    for lane in 0..<rowCount {
      let start = unsafe source.start + (firstRow + lane) * source.rowStride
      let scale = Self.scale(of: unsafe greatestMagnitude(start, count: source.columns))
      unsafe target.rowScales.base[firstRow + lane] = scale
      factors[lane] = scale.isNaN ? 0 : 1 / scale
    }
    let words = unsafe target.start(of: group, in: stripe)
    let step = stripe.count * HalfMatrix.wordsPerColumn
    for column in stride(from: 0, to: source.columns, by: laneCount) {
      let count = min(laneCount, source.columns - column)
      var block = InlineArray<16, Lanes>(repeating: .zero)
      for lane in 0..<rowCount where factors[lane] != 0 {
        let start = unsafe source.start + (firstRow + lane) * source.rowStride + column
        block[lane] = unsafe start.lanes(at: 0, count: count)
      }
      transpose(&block)
      for offset in 0..<count {
        unsafe rnnd_store_halves(words + (column + offset) * step, block[offset] * factors)
      }
    }
  }

  /// The power of two that a row is divided by, given its greatest magnitude; what is beyond use stays small.
  private static func scale(of greatest: Float) -> Float {
    guard greatest.isFinite else { return .nan }
    return Float(sign: .plus, exponent: greatest == 0 ? 0 : min(max(Int(greatest.exponent), -120), 120), significand: 1)
  }
}

/// The greatest magnitude of some numbers: NaN if one of them is.
///
/// Without their signs numbers are ordered as their bits are, NaNs beyond all others.
@inline(__always)
func greatestMagnitude(_ start: UnsafePointer<Float>, count: Int) -> Float {
  var greatest = SIMD16<UInt32>.zero
  forEachLanes(count) { index, width in
    let bits = unsafe unsafeBitCast(start.lanes(at: index, count: width), to: SIMD16<UInt32>.self) & 0x7FFF_FFFF
    greatest = greatest.replacing(with: bits, where: bits .> greatest)
  }
  return Float(bitPattern: greatest.max())
}
