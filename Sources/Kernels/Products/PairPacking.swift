import CSystem

// Packing in bfloat16: two numbers that follow each other along the depth become a pair in the place of one number, the
// first in the lower half. Where the depth is odd, the last pair's second number is zero. Places and strides are counted
// in pairs as they are in numbers elsewhere, so that the tiles need not know.

/// Numbers 2n and 2n + 1 of 32 that follow each other, as pairs.
@inline(__always)
private func neighbours(_ place: UnsafePointer<Float>, count: Int) -> Lanes {
  let low = unsafe place.lanes(at: 0, count: min(count, laneCount))
  let high = unsafe count > laneCount ? place.lanes(at: laneCount, count: count &- laneCount) : .zero
  return rnnd_pair_neighbours(low, high)
}

/// `packRowMajor` in pairs of rows.
///
/// - Parameter depth: The source's rows; `steps` are pairs of them.
func packRowMajorPairs(
  _ source: UnsafePointer<Float>, stride: Int, depth: Int, steps: Range<Int>, columns: Range<Int>,
  into target: UnsafeMutablePointer<Float>
) {
  let panelStride = steps.count * panelWidth
  var target = unsafe target
  for step in steps {
    let row = unsafe source + 2 * step * stride + columns.lowerBound
    let hasSecond = 2 * step + 1 < depth
    var place = unsafe target
    for first in Swift.stride(from: 0, to: columns.count, by: panelWidth) {
      for half in 0..<2 {
        let start = first &+ half &* laneCount
        let count = max(0, min(laneCount, columns.count &- start))
        let offset = count == 0 ? 0 : start
        let upper = unsafe row.lanes(at: offset, count: count)
        let lower = unsafe hasSecond ? row.lanes(at: stride &+ offset, count: count) : .zero
        unsafe place.set(rnnd_pair(upper, lower), at: half &* laneCount)
      }
      unsafe place += panelStride
    }
    unsafe target += panelWidth
  }
}

/// `packTransposed` in pairs along the source's rows.
///
/// - Parameter depth: The source's columns; `steps` are pairs of them.
func packTransposedPairs(
  _ source: UnsafePointer<Float>, stride: Int, depth: Int, steps: Range<Int>, columns: Range<Int>,
  into target: UnsafeMutablePointer<Float>
) {
  var target = unsafe target
  for first in Swift.stride(from: columns.lowerBound, to: columns.upperBound, by: panelWidth) {
    for step in Swift.stride(from: steps.lowerBound, to: steps.upperBound, by: laneCount) {
      let stepCount = min(laneCount, steps.upperBound - step)
      for half in 0..<2 {
        var block = InlineArray<16, Lanes>(repeating: .zero)
        for lane in 0..<laneCount {
          let column = first + half * laneCount + lane
          guard column < columns.upperBound else { break }
          block[lane] = unsafe neighbours(source + column * stride + 2 * step, count: min(32, depth - 2 * step))
        }
        transpose(&block)
        for row in 0..<stepCount {
          unsafe target.set(
            block[row], at: (step - steps.lowerBound + row) * panelWidth + half * laneCount)
        }
      }
    }
    unsafe target += steps.count * panelWidth
  }
}

/// `packTiles` in pairs of the source's rows.
func packTilePairs(
  _ source: UnsafePointer<Float>, stride: Int, rowLength: Int, depth: Int, steps: Range<Int>, tiles: EvenSplit,
  into target: UnsafeMutablePointer<Float>
) {
  for tile in 0..<tiles.count {
    let rows = tiles.range(of: tile)
    let width = min(laneCount, rowLength - rows.lowerBound)
    var place = unsafe target + tileOffset(of: tile, in: tiles, depth: steps.count)
    for step in steps {
      let row = unsafe source + 2 * step * stride + rows.lowerBound
      let upper = unsafe row.lanes(at: 0, count: width)
      let lower = unsafe 2 * step + 1 < depth ? row.lanes(at: stride, count: width) : .zero
      unsafe place.set(rnnd_pair(upper, lower), at: 0)
      unsafe place += rows.count
    }
  }
}

/// Rounds rows of A, which stay rows: each takes `steps.count` places.
func packRowPairs(
  _ source: UnsafePointer<Float>, stride: Int, depth: Int, steps: Range<Int>, rows: Range<Int>,
  into target: UnsafeMutablePointer<Float>
) {
  var target = unsafe target
  for row in rows {
    let numbers = unsafe source + row * stride
    for step in Swift.stride(from: steps.lowerBound, to: steps.upperBound, by: laneCount) {
      let lanes = unsafe neighbours(numbers + 2 * step, count: min(32, depth - 2 * step))
      unsafe target.set(lanes, at: step - steps.lowerBound, count: min(laneCount, steps.upperBound - step))
    }
    unsafe target += steps.count
  }
}

/// Rounds rows of whole panels to pairs along each row.
///
/// - Parameter width: How many numbers a row has: a multiple of 32.
func packRowPairs(
  _ source: UnsafePointer<Float>, stride: Int, width: Int, rows: Int, into target: UnsafeMutablePointer<Float>,
  targetStride: Int
) {
  for row in 0..<rows {
    for column in Swift.stride(from: 0, to: width, by: panelWidth) {
      let lanes = unsafe neighbours(source + row * stride + column, count: panelWidth)
      unsafe (target + row * targetStride).set(lanes, at: column / 2)
    }
  }
}

/// Rounds rows of whole panels to pairs of rows.
func packColumnPairs(
  _ source: UnsafePointer<Float>, stride: Int, width: Int, rows: Int, into target: UnsafeMutablePointer<Float>,
  targetStride: Int
) {
  for row in Swift.stride(from: 0, to: rows, by: 2) {
    let upper = unsafe source + row * stride
    let hasLower = row + 1 < rows
    for column in Swift.stride(from: 0, to: width, by: laneCount) {
      let lower = unsafe hasLower ? (upper + stride).lanes(at: column) : .zero
      unsafe (target + row / 2 * targetStride).set(rnnd_pair(upper.lanes(at: column), lower), at: column)
    }
  }
}
