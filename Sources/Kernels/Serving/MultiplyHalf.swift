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
  let groupCount = (w.rows + laneCount - 1) / laneCount
  team.run(work, count: groupCount, grain: max(8, 65_536 / max(1, w.columns * HalfMatrix.wordsPerColumn)))
}

/// A product in half precision, cut by groups of 16 rows of W.
private struct HalfProduct: TeamWork {
  let w: HalfMatrix
  let x: Matrix
  let bias: Vector?
  let accumulates: Bool
  let y: Matrix

  func run(_ groups: Range<Int>, scratch: Scratch) {
    var row = 0
    while row < x.rows {
      let isFour = row + 4 <= x.rows
      var group = groups.lowerBound
      // As many sums side by side as hide the multiply-adds' latency.
      while group < groups.upperBound {
        switch (isFour, groups.upperBound - group) {
        case (true, 4...):
          compute(InlineArray<4, InlineArray<4, Lanes>>(repeating: .init(repeating: .zero)), group: group, row: row)
          group += 4
        case (true, _):
          compute(InlineArray<4, InlineArray<1, Lanes>>(repeating: .init(repeating: .zero)), group: group, row: row)
          group += 1
        case (false, 8...):
          compute(InlineArray<1, InlineArray<8, Lanes>>(repeating: .init(repeating: .zero)), group: group, row: row)
          group += 8
        case (false, _):
          compute(InlineArray<1, InlineArray<1, Lanes>>(repeating: .init(repeating: .zero)), group: group, row: row)
          group += 1
        }
      }
      row += isFour ? 4 : 1
    }
  }

  /// Computes some groups for some vectors: each load of W serves all of these.
  @inline(__always)
  private func compute<let vectorCount: Int, let groupCount: Int>(
    _ zeros: InlineArray<vectorCount, InlineArray<groupCount, Lanes>>, group: Int, row: Int
  ) {
    let columns = w.columns
    let groupStride = columns &* HalfMatrix.wordsPerColumn
    let weights = unsafe w.words.base + group &* groupStride
    let factors = unsafe x.start + row &* x.rowStride
    let factorStride = x.rowStride
    var sums = zeros
    for column in 0..<columns {
      for index in 0..<groupCount {
        let lanes = unsafe rnnd_load_halves(
          weights + (index &* groupStride &+ column &* HalfMatrix.wordsPerColumn))
        for vector in 0..<vectorCount {
          let factor = unsafe Lanes(repeating: factors[vector &* factorStride &+ column])
          sums[vector][index] = sums[vector][index].plusProduct(lanes, factor)
        }
      }
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
