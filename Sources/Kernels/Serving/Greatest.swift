import CSystem

/// Finds where the `count` greatest of some numbers are for certain, when each may be off by up to `tolerance`: those
/// positions and maybe a few more, ascending. Of fewer numbers than `count`, all; NaNs are left out.
///
/// - Complexity: two passes over the numbers.
package func positionsOfGreatest(_ count: Int, of values: Vector, tolerance: Float) -> [Int32] {
  withExtendedLifetime(values) {
    let bound = unsafe lowerBound(ofGreatest: count, values.start, count: values.count)
    // A number that is among the greatest in truth is at most one tolerance below what it seems, as is the last of them.
    return unsafe positions(atLeast: bound - 2 * tolerance, values.start, count: values.count, expectedCount: count)
  }
}

/// A number that at least `wanted` of the values reach, and not many more than that; -∞ where there are too few.
///
/// The values fall into some four times as many sets: those that stand 16 apart in a segment. Each set has a greatest
/// one, and the `wanted`-th of these is the result.
private func lowerBound(ofGreatest wanted: Int, _ start: UnsafePointer<Float>, count: Int) -> Float {
  var best = [Float](repeating: -.infinity, count: max(wanted, 1))
  var least = -Float.infinity
  let length = max(laneCount, count / max(1, wanted / 4) / laneCount * laneCount)
  for segment in stride(from: 0, to: count, by: length) {
    let end = min(segment + length, count)
    var greatest = Lanes(repeating: -.infinity)
    forEachLanes(end - segment) { offset, width in
      var lanes = unsafe start.lanes(at: segment + offset, count: width)
      if width < laneCount {
        lanes.replace(with: -.infinity, where: laneNumbers .>= Int32(truncatingIfNeeded: width))
      }
      greatest = greatest.greater(lanes)
    }
    guard any(greatest .> least) else { continue }
    for lane in 0..<laneCount where greatest[lane] > least {
      insert(greatest[lane], into: &best)
      least = best[best.count - 1]
    }
  }
  return least
}

/// Puts a number in its place in a descending list, whose last one leaves.
private func insert(_ value: Float, into list: inout [Float]) {
  var place = list.count - 1
  while place > 0, list[place - 1] < value {
    list[place] = list[place - 1]
    place -= 1
  }
  list[place] = value
}

private func positions(
  atLeast bound: Float, _ start: UnsafePointer<Float>, count: Int, expectedCount: Int
) -> [Int32] {
  var found: [Int32] = []
  found.reserveCapacity(expectedCount)
  forEachLanes(count) { index, width in
    let isFound = unsafe start.lanes(at: index, count: width) .>= bound
    guard any(isFound) else { return }
    for lane in 0..<width where isFound[lane] { found.append(Int32(truncatingIfNeeded: index + lane)) }
  }
  return found
}

/// Multiplies some rows of a matrix and a vector: `W[r] · x + bias[r]` for each r of `rows`.
///
/// They lie anywhere in a large matrix, so all are asked for before the first is read.
///
/// - Precondition: rows lie within W, of whose columns `x` has as many numbers, and of whose rows `bias`.
package func multiplyRows(of w: Matrix, at rows: [Int32], _ x: Vector, bias: Vector) -> [Float] {
  precondition(w.columns == x.count && bias.count == w.rows, "multiplyRows: shapes differ")
  precondition(rows.allSatisfy { $0 >= 0 && $0 < w.rows }, "multiplyRows: row out of bounds")
  return withExtendedLifetime((w, x, bias)) {
    for row in rows {
      let values = unsafe w.start + Int(row) * w.rowStride
      for index in stride(from: 0, to: w.columns, by: laneCount) { unsafe rnnd_prefetch(values + index) }
    }
    return rows.map { row in
      unsafe dot(w.start + Int(row) * w.rowStride, x.start, count: x.count) + bias.start[Int(row)]
    }
  }
}

/// Picks some numbers: `target[i] = source[positions[i]]`.
///
/// - Precondition: there is room for as many; positions lie within `source`.
package func gather(_ source: Vector, at positions: [Int32], into target: Vector) {
  precondition(target.count == positions.count, "gather: counts differ")
  withExtendedLifetime((source, target)) {
    for index in positions.indices {
      let position = Int(positions[index])
      precondition(UInt(bitPattern: position) < UInt(bitPattern: source.count), "gather: position out of bounds")
      unsafe target.start[index] = source.start[position]
    }
  }
}
