import CSystem

// Packing in bfloat16: two numbers that follow each other along the depth become a pair in the place of one number, the
// first in the lower half. Where the depth is odd, the last pair's second number is zero. Places and strides are counted
// in pairs as they are in numbers elsewhere, so that the tiles need not know.

/// Numbers 2n and 2n + 1 of 32 that follow each other, as pairs.
@inline(__always)
private func neighbours(_ place: UnsafePointer<Float>) -> Lanes {
  unsafe rnnd_pair_neighbours(place.lanes(at: 0), place.lanes(at: laneCount))
}

/// The same of fewer numbers, then zeros.
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
  let wholeWidth = columns.count / laneCount * laneCount
  for step in steps {
    let upper = unsafe source + 2 * step * stride + columns.lowerBound
    let hasLower = 2 * step + 1 < depth
    let row = unsafe target + (step - steps.lowerBound) * panelWidth
    func place(_ column: Int) -> UnsafeMutablePointer<Float> {
      unsafe row + column / panelWidth * steps.count * panelWidth + column % panelWidth
    }
    for column in Swift.stride(from: 0, to: wholeWidth, by: laneCount) {
      let lower = unsafe hasLower ? (upper + stride).lanes(at: column) : .zero
      unsafe place(column).set(rnnd_pair(upper.lanes(at: column), lower), at: 0)
    }
    // What is left, and what fills the last panel up.
    for column in Swift.stride(
      from: wholeWidth, to: (columns.count + panelWidth - 1) / panelWidth * panelWidth, by: laneCount)
    {
      let count = max(0, columns.count - column)
      let left = unsafe upper.lanes(at: count == 0 ? 0 : column, count: count)
      let lower = unsafe hasLower ? (upper + stride).lanes(at: count == 0 ? 0 : column, count: count) : .zero
      unsafe place(column).set(rnnd_pair(left, lower), at: 0)
    }
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
      let count = min(panelWidth, depth - 2 * step)
      for half in 0..<2 {
        var block = InlineArray<16, Lanes>(repeating: .zero)
        let column = first + half * laneCount
        let place = unsafe source + (column < columns.upperBound ? column : first) * stride + 2 * step
        if count == panelWidth && column + laneCount <= columns.upperBound {
          for lane in 0..<laneCount {
            let row = unsafe place + lane &* stride
            block[lane] = unsafe neighbours(row)
            // The processor foresees hardly as many walks at a time as there are rows.
            unsafe rnnd_prefetch(row + 3 * panelWidth)
            unsafe rnnd_prefetch(row + (3 * panelWidth + laneCount))
          }
        } else {
          for lane in 0..<max(0, min(laneCount, columns.upperBound - column)) {
            block[lane] = unsafe neighbours(place + lane * stride, count: count)
          }
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

/// Rounds rows to pairs along each row.
///
/// - Parameter width: How many numbers a row has.
func packRowPairs(
  _ source: UnsafePointer<Float>, stride: Int, width: Int, rows: Int, into target: UnsafeMutablePointer<Float>,
  targetStride: Int
) {
  let wholeWidth = width / panelWidth * panelWidth
  for row in 0..<rows {
    let numbers = unsafe source + row * stride
    let pairs = unsafe target + row * targetStride
    for column in Swift.stride(from: 0, to: wholeWidth, by: panelWidth) {
      unsafe pairs.set(neighbours(numbers + column), at: column / 2)
    }
    if wholeWidth < width {
      let rest = width &- wholeWidth
      unsafe pairs.set(neighbours(numbers + wholeWidth, count: rest), at: wholeWidth / 2, count: (rest &+ 1) / 2)
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
