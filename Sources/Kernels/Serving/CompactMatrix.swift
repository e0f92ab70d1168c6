import CSystem

/// A matrix in two bytes or one a number, for products with one vector or a few: these wait for the memory, and it has
/// half or a quarter of the bytes to deliver.
///
/// Rows stand side by side in groups of 16, as the lanes of a register; of each the next few columns, as many as make
/// four bytes, follow each other: 16 rows' first two (or four) columns, then 16 rows' next. What is missing at the ends
/// is zero.
///
/// Sendable by proof: nothing changes after `init`.
package final class CompactMatrix: @unchecked Sendable {
  /// How a number is held.
  package enum Format: String, CaseIterable, Sendable {
    /// Rounded to 8 significant bits.
    case bfloat16
    /// A whole number from -127 to 127, times a factor that each row has of its own.
    case int8

    /// How many numbers four bytes hold.
    var numbersPerWord: Int {
      switch self {
      case .bfloat16: 2
      case .int8: 4
      }
    }
  }

  package let rows: Int
  package let columns: Int
  package let format: Format
  /// Groups of four bytes, seen as `Float`s.
  let words: FloatBuffer
  /// For int8: each row's factor, and the sum of its whole numbers.
  let rowScales: FloatBuffer
  let rowSums: FloatBuffer

  /// Packs a matrix.
  ///
  /// A row of int8 that holds a number that is not finite multiplies to NaN.
  ///
  /// - Precondition: an int8 matrix has at most 65,536 columns: its sums are 32 bits long.
  /// - Complexity: reads `source` twice.
  package init(_ source: Matrix, format: Format) {
    precondition(format != .int8 || source.columns <= 65_536, "CompactMatrix: too many columns")
    rows = source.rows
    columns = source.columns
    self.format = format
    let groupCount = (source.rows + laneCount - 1) / laneCount
    words = FloatBuffer(count: groupCount * Self.wordCount(columns: source.columns, format: format) * laneCount)
    rowScales = FloatBuffer(count: format == .int8 ? groupCount * laneCount : 0)
    rowSums = FloatBuffer(count: format == .int8 ? groupCount * laneCount : 0)
    for group in 0..<groupCount { pack(source, group: group) }
  }

  /// How much memory it takes.
  package var byteCount: Int {
    (words.count + rowScales.count + rowSums.count) * MemoryLayout<Float>.stride
  }

  /// How many groups of four bytes a row has.
  var wordsPerRow: Int { Self.wordCount(columns: columns, format: format) }

  private static func wordCount(columns: Int, format: Format) -> Int {
    (columns + format.numbersPerWord - 1) / format.numbersPerWord
  }

  /// Packs 16 rows, by blocks of 16 words of each, which are then transposed.
  private func pack(_ source: Matrix, group: Int) {
    let firstRow = group * laneCount
    let rowCount = min(laneCount, rows - firstRow)
    var inverses = Lanes.zero
    if format == .int8 {
      for lane in 0..<rowCount { inverses[lane] = measure(source.row(firstRow + lane), row: firstRow + lane) }
    }
    let target = unsafe words.base + group * wordsPerRow * laneCount
    for word in stride(from: 0, to: wordsPerRow, by: laneCount) {
      var block = InlineArray<16, Lanes>(repeating: .zero)
      let column = word * format.numbersPerWord
      for lane in 0..<rowCount {
        let start = unsafe source.start + (firstRow + lane) * source.rowStride + column
        switch format {
        case .bfloat16: block[lane] = unsafe neighbours(start, count: min(32, columns - column))
        case .int8:
          block[lane] = unsafe bytes(start, count: min(64, columns - column), factor: inverses[lane])
          rowSums.all[firstRow + lane] += sumOfBytes(block[lane])
        }
      }
      transpose(&block)
      for row in 0..<min(laneCount, wordsPerRow - word) {
        unsafe target.set(block[row], at: (word + row) * laneCount)
      }
    }
  }

  /// Sets a row's factor, and returns what its numbers are to be multiplied by.
  private func measure(_ values: Vector, row: Int) -> Float {
    let greatest = unsafe greatestMagnitude(values.start, count: values.count)
    rowScales.all[row] = greatest.isFinite ? greatest / 127 : .nan
    return greatest.isFinite && greatest >= .leastNormalMagnitude * 127 ? 127 / greatest : 0
  }
}

/// 64 numbers times a factor as bytes, the first in the lowest place.
@inline(__always)
private func bytes(_ start: UnsafePointer<Float>, count: Int, factor: Float) -> Lanes {
  guard factor != 0 else { return .zero }
  func quarter(_ index: Int) -> SIMD16<Int32> {
    let offset = index * laneCount
    guard offset < count else { return .zero }
    return rnnd_nearest_integers(unsafe start.lanes(at: offset, count: min(laneCount, count - offset)) * factor)
  }
  return rnnd_bytes(quarter(0), quarter(1), quarter(2), quarter(3))
}

private func sumOfBytes(_ lanes: Lanes) -> Float {
  Float(
    rnnd_add_byte_products(.zero, unsafe unsafeBitCast(SIMD64<UInt8>(repeating: 1), to: Lanes.self), lanes).wrappedSum()
  )
}

/// The greatest magnitude of some numbers: NaN if one of them is.
@inline(__always)
func greatestMagnitude(_ start: UnsafePointer<Float>, count: Int) -> Float {
  var greatest = Lanes.zero
  var hasNaN = SIMDMask<SIMD16<Int32>>(repeating: false)
  forEachLanes(count) { index, width in
    let lanes = unsafe start.lanes(at: index, count: width)
    greatest = greatest.greater(lanes).greater(-lanes)
    hasNaN .|= lanes .!= lanes
  }
  return any(hasNaN) ? .nan : greatest.max()
}
