import CSystem

/// Multiplies a matrix in half precision and several vectors, reading the matrix once for all of them.
///
///     Y[i] = W · X[i] + bias        or with `accumulate`  Y[i] += W · X[i]        for each row i
///
/// X is taken as it is and sums are single: what the result loses, it loses to the rounding of W. A row's result is the
/// same, bit for bit, whatever the other rows.
///
/// - Precondition: W is `[Y.columns, X.columns]`, X and Y have as many rows; Y overlaps neither X nor the bias; not both
///   a bias and `accumulate`.
/// - Complexity: reads W once for every four vectors; allocates nothing.
package func multiply(
  _ w: HalfMatrix, _ x: Matrix, bias: Vector? = nil, accumulate: Bool = false, into y: Matrix, team: ThreadTeam
) {
  precondition(w.rows == y.columns && w.columns == x.columns && x.rows == y.rows, "multiply: shapes differ")
  precondition(bias == nil || (bias?.count == w.rows && !accumulate), "multiply: bias does not fit")
  let work = HalfProduct(w: w, x: x, bias: bias, accumulates: accumulate, y: y)
  team.run(
    work, count: w.stripes.count, grain: RowStripes.grain(groupByteCount: 4 * w.columns * HalfMatrix.wordsPerColumn))
}

/// A product in half precision, cut by stripes of W.
private struct HalfProduct: TeamWork {
  let w: HalfMatrix
  let x: Matrix
  let bias: Vector?
  let accumulates: Bool
  let y: Matrix

  func run(_ stripes: Range<Int>, scratch: Scratch) {
    var row = 0
    while row < x.rows {
      let isFour = row + 4 <= x.rows
      for stripe in stripes { compute(w.stripes.groups(of: stripe), row: row, isFour: isFour) }
      row += isFour ? 4 : 1
    }
  }

  /// Computes a stripe for four vectors or one.
  private func compute(_ stripe: Range<Int>, row: Int, isFour: Bool) {
    // As many sums side by side as hide the multiply-adds' latency.
    if isFour {
      for group in stride(from: stripe.lowerBound, to: stripe.upperBound, by: 4) {
        switch stripe.upperBound - group {
        case 1: compute(HalfSums<4, 1>(), stripe: stripe, group: group, row: row)
        case 2: compute(HalfSums<4, 2>(), stripe: stripe, group: group, row: row)
        case 3: compute(HalfSums<4, 3>(), stripe: stripe, group: group, row: row)
        default: compute(HalfSums<4, 4>(), stripe: stripe, group: group, row: row)
        }
      }
      return
    }
    let group = stripe.lowerBound
    switch stripe.count {
    case 1: compute(HalfSums<1, 1>(), stripe: stripe, group: group, row: row)
    case 2: compute(HalfSums<1, 2>(), stripe: stripe, group: group, row: row)
    case 3: compute(HalfSums<1, 3>(), stripe: stripe, group: group, row: row)
    case 4: compute(HalfSums<1, 4>(), stripe: stripe, group: group, row: row)
    case 5: compute(HalfSums<1, 5>(), stripe: stripe, group: group, row: row)
    case 6: compute(HalfSums<1, 6>(), stripe: stripe, group: group, row: row)
    case 7: compute(HalfSums<1, 7>(), stripe: stripe, group: group, row: row)
    default: compute(HalfSums<1, 8>(), stripe: stripe, group: group, row: row)
    }
  }

  /// Computes some groups of a stripe for some vectors: each load of W serves all of these.
  @inline(__always)
  private func compute<let vectorCount: Int, let groupCount: Int>(
    _ zeros: HalfSums<vectorCount, groupCount>, stripe: Range<Int>, group: Int, row: Int
  ) {
    var place = unsafe UnsafePointer(w.start(of: group, in: stripe))
    let step = stripe.count * HalfMatrix.wordsPerColumn
    let factors = unsafe x.start + row &* x.rowStride
    let factorStride = x.rowStride
    var sums = zeros.sums
    for column in 0..<w.columns {
      for index in 0..<groupCount {
        let word = index &* HalfMatrix.wordsPerColumn
        // Two groups' halves are a cache line.
        if index % 2 == 0 { unsafe rnnd_prefetch(place + (word &+ RowStripes.distance)) }
        let lanes = unsafe rnnd_load_halves(place + word)
        for vector in 0..<vectorCount {
          let factor = unsafe Lanes(repeating: factors[vector &* factorStride &+ column])
          sums[vector][index] = sums[vector][index].plusProduct(lanes, factor)
        }
      }
      unsafe place += step
    }
    for vector in 0..<vectorCount {
      for index in 0..<groupCount { store(sums[vector][index], group: group + index, row: row + vector) }
    }
  }

  /// Stores 16 results, or fewer at the end.
  @inline(__always)
  private func store(_ lanes: Lanes, group: Int, row: Int) {
    let first = group * laneCount
    let count = min(laneCount, w.rows - first)
    let target = unsafe y.start + row * y.rowStride
    var sum = unsafe lanes * w.rowScales.base.lanes(at: first)
    if let bias { unsafe sum += bias.start.lanes(at: first, count: count) }
    if accumulates { unsafe sum += target.lanes(at: first, count: count) }
    unsafe target.set(sum, at: first, count: count)
  }
}

/// Sums of a few vectors by a few groups of rows.
private struct HalfSums<let vectorCount: Int, let groupCount: Int> {
  let sums = InlineArray<vectorCount, InlineArray<groupCount, Lanes>>(repeating: .init(repeating: .zero))
}
