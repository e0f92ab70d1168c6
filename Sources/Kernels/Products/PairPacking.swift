// Packing in bfloat16: two numbers that follow each other along the depth become a pair in the place of one number, the
// first in the lower half. Where the depth is odd, the last pair's second number is zero. Places and strides are counted
// in pairs as they are in numbers elsewhere, so that the tiles need not know.

/// Pairs of numbers rounded to bfloat16, to the nearest, ties to even; NaN stays NaN.
@inline(__always)
private func pairs(_ first: Lanes, _ second: Lanes) -> Lanes {
  let low = rounded(first) &>> 16
  let high = rounded(second) & 0xFFFF_0000
  return unsafe unsafeBitCast(low | high, to: Lanes.self)
}

/// A number's bits, of which the upper 16 are the nearest bfloat16's.
@inline(__always)
func rounded(_ lanes: Lanes) -> SIMD16<UInt32> {
  let bits = unsafe unsafeBitCast(lanes, to: SIMD16<UInt32>.self)
  let nearest = bits &+ 0x7FFF &+ ((bits &>> 16) & 1)
  return nearest.replacing(with: bits | 0x0040_0000, where: lanes .!= lanes)
}

/// Numbers 2n and 2n + 1 of 32 that follow each other, as pairs.
@inline(__always)
func neighbours(_ place: UnsafePointer<Float>, count: Int) -> Lanes {
  let low = unsafe place.lanes(at: 0, count: min(count, laneCount))
  let high = unsafe count > laneCount ? place.lanes(at: laneCount, count: count &- laneCount) : .zero
  return pairs(
    Lanes(lowHalf: low.evenHalf, highHalf: high.evenHalf), Lanes(lowHalf: low.oddHalf, highHalf: high.oddHalf))
}

/// `packRowMajor` in pairs of rows.
///
/// - Parameter depth: The source's rows; `steps` are pairs of them.
func packRowMajorPairs(
  _ source: UnsafePointer<Float>, stride: Int, depth: Int, steps: Range<Int>, columns: Range<Int>,
  into target: UnsafeMutablePointer<Float>
) {
  var target = unsafe target
  for first in Swift.stride(from: columns.lowerBound, to: columns.upperBound, by: panelWidth) {
    let width = min(panelWidth, columns.upperBound - first)
    for step in steps {
      let row = unsafe source + 2 * step * stride + first
      let hasSecond = 2 * step + 1 < depth
      for half in 0..<2 {
        let count = max(0, min(laneCount, width - half * laneCount))
        let offset = count == 0 ? 0 : half * laneCount
        let upper = unsafe row.lanes(at: offset, count: count)
        let lower = unsafe hasSecond ? row.lanes(at: stride + offset, count: count) : .zero
        unsafe target.set(pairs(upper, lower), at: half * laneCount)
      }
      unsafe target += panelWidth
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
      unsafe place.set(pairs(upper, lower), at: 0)
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
      unsafe (target + row / 2 * targetStride).set(pairs(upper.lanes(at: column), lower), at: column)
    }
  }
}

/// What numbers 2n and 2n + 1 of 32 exceed the pairs in `high` by, as pairs.
@inline(__always)
func neighbours(_ place: UnsafePointer<Float>, count: Int, less high: Lanes) -> Lanes {
  let low = unsafe place.lanes(at: 0, count: min(count, laneCount))
  let next = unsafe count > laneCount ? place.lanes(at: laneCount, count: count &- laneCount) : .zero
  let bits = unsafe unsafeBitCast(high, to: SIMD16<UInt32>.self)
  let first = unsafe unsafeBitCast(bits &<< 16, to: Lanes.self)
  let second = unsafe unsafeBitCast(bits & 0xFFFF_0000, to: Lanes.self)
  return pairs(
    Lanes(lowHalf: low.evenHalf, highHalf: next.evenHalf) - first,
    Lanes(lowHalf: low.oddHalf, highHalf: next.oddHalf) - second)
}
