/// Multiplies a matrix and a vector.
///
///     y = W · x + bias        or with `accumulate`  y += W · x
///
/// - Precondition: `W` is `[y.count, x.count]`; y overlaps none of the others; not both a bias and `accumulate`.
/// - Complexity: reads W once, at the memory's speed; allocates nothing.
package func multiply(
  _ w: Matrix, _ x: Vector, bias: Vector? = nil, accumulate: Bool = false, into y: Vector
) {
  precondition(w.rows == y.count && w.columns == x.count, "multiply: shapes differ")
  precondition(bias == nil || (bias?.count == y.count && !accumulate), "multiply: bias does not fit")
  withExtendedLifetime((w, x, bias, y)) {
    let beginning = unsafe bias?.start ?? y.start
    let isZero = bias == nil && !accumulate
    var row = 0
    while row &+ 4 <= w.rows {
      let sums = unsafe dotProducts(w.start + row &* w.rowStride, stride: w.rowStride, x.start, count: w.columns)
      for offset in 0..<4 {
        unsafe y.start[row &+ offset] = sums[offset] + (isZero ? 0 : beginning[row &+ offset])
      }
      row &+= 4
    }
    while row < w.rows {
      let sum = unsafe dot(w.start + row &* w.rowStride, x.start, count: w.columns)
      unsafe y.start[row] = sum + (isZero ? 0 : beginning[row])
      row &+= 1
    }
  }
}

/// The scalar products of four rows and a vector: four streams keep the memory busy, and each load of x serves four
/// rows.
@inline(__always)
private func dotProducts(
  _ w: UnsafePointer<Float>, stride: Int, _ x: UnsafePointer<Float>, count: Int
) -> SIMD4<Float> {
  var sums = InlineArray<4, Lanes>(repeating: .zero)
  forEachLanes(count) { index, width in
    let factor = unsafe x.lanes(at: index, count: width)
    for row in 0..<4 {
      sums[row] = unsafe sums[row].plusProduct((w + row &* stride).lanes(at: index, count: width), factor)
    }
  }
  return SIMD4(sums[0].total, sums[1].total, sums[2].total, sums[3].total)
}

/// Adds up the rows of a matrix: a bias's gradient from the gradients of all positions.
///
///     target[j] += Σ_i source[i, j]
///
/// - Precondition: `target.count == source.columns`; the two do not overlap.
package func addColumnSums(of source: Matrix, to target: Vector) {
  precondition(target.count == source.columns, "addColumnSums: counts differ")
  withExtendedLifetime((source, target)) {
    for row in 0..<source.rows {
      let numbers = unsafe source.start + row * source.rowStride
      forEachLanes(source.columns) { index, width in
        let sum = unsafe target.start.lanes(at: index, count: width) + numbers.lanes(at: index, count: width)
        unsafe target.start.set(sum, at: index, count: width)
      }
    }
  }
}
