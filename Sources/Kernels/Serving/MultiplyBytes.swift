import CSystem

/// Multiplies a matrix of bytes and several vectors, reading the matrix once for all of them.
///
///     Y[i] = W · X[i] + bias        for each row i
///
/// X keeps 16 bits of precision: what the result loses, it loses to the rounding of W, and `tolerance(of:)` bounds it. A
/// row's result is the same, bit for bit, whatever the other rows.
///
/// - Precondition: W is `[Y.columns, X.columns]`, X and Y have as many rows; Y overlaps neither X nor the bias.
/// - Complexity: reads W once for every four vectors; allocates only while the team's scratch grows.
package func multiply(_ w: ByteMatrix, _ x: Matrix, bias: Vector, into y: Matrix, team: ThreadTeam) {
  precondition(w.rows == y.columns && w.columns == x.columns && x.rows == y.rows, "multiply: shapes differ")
  precondition(bias.count == w.rows, "multiply: bias does not fit")
  let stripes = w.stripes
  team.run(
    ByteProduct(w: w, stripes: stripes, x: x, bias: bias, y: y), count: stripes.count,
    grain: RowStripes.grain(groupByteCount: 4 * w.wordsPerRow * laneCount))
}

extension ByteMatrix {
  /// By how much any number of a product with x may differ from that of the matrix as it was before it was packed.
  ///
  /// Of the weights, |w - ŵ| ≤ s/2 with s the row's scale, makes s/2 · Σ|x|; of x, rounded to steps of max|x| / 32,767,
  /// makes half a step times Σ|ŵ| ≤ 127 · s · n. A hundredth more covers the rounding of the sums.
  package func tolerance(of x: Vector) -> Float {
    let (sum, greatest) = unsafe magnitudes(x.start, count: x.count)
    return 1.01 * greatestScale * (sum / 2 + greatest / 65_534 * 127 * Float(columns))
  }
}

/// The sum of magnitudes and the greatest of them.
@inline(__always)
private func magnitudes(_ start: UnsafePointer<Float>, count: Int) -> (sum: Float, greatest: Float) {
  var (sum, greatest) = (Lanes.zero, Lanes.zero)
  forEachLanes(count) { index, width in
    let lanes = unsafe start.lanes(at: index, count: width)
    let magnitudes = lanes.greater(-lanes)
    sum += magnitudes
    greatest = greatest.greater(magnitudes)
  }
  return (sum.total, greatest.max())
}

/// A product of bytes, cut by stripes of W.
private struct ByteProduct: TeamWork {
  let w: ByteMatrix
  let stripes: RowStripes
  let x: Matrix
  let bias: Vector
  let y: Matrix

  func run(_ items: Range<Int>, scratch: Scratch) {
    // A vector's high bytes, low bytes, and scale.
    let stride = 2 * w.wordsPerRow + 1
    let factors = unsafe scratch.memory(count: x.rows * stride)
    for row in 0..<x.rows { unsafe prepare(row: row, into: factors + row * stride) }
    var row = 0
    while row < x.rows {
      let isFour = row + 4 <= x.rows
      for item in items {
        unsafe compute(stripes.groups(of: item), row: row, isFour: isFour, factors: factors + row * stride)
      }
      row += isFour ? 4 : 1
    }
  }

  /// Computes a stripe for four vectors or one.
  private func compute(_ stripe: Range<Int>, row: Int, isFour: Bool, factors: UnsafePointer<Float>) {
    // As many sums side by side as hide the products' latency and fit the registers.
    if isFour {
      var group = stripe.lowerBound
      while group < stripe.upperBound {
        if group + 1 < stripe.upperBound {
          unsafe compute(ByteSums<4, 2>(), stripe: stripe, group: group, row: row, factors: factors)
        } else {
          unsafe compute(ByteSums<4, 1>(), stripe: stripe, group: group, row: row, factors: factors)
        }
        group += 2
      }
      return
    }
    let group = stripe.lowerBound
    switch stripe.count {
    case 1: unsafe compute(ByteSums<1, 1>(), stripe: stripe, group: group, row: row, factors: factors)
    case 2: unsafe compute(ByteSums<1, 2>(), stripe: stripe, group: group, row: row, factors: factors)
    case 3: unsafe compute(ByteSums<1, 3>(), stripe: stripe, group: group, row: row, factors: factors)
    case 4: unsafe compute(ByteSums<1, 4>(), stripe: stripe, group: group, row: row, factors: factors)
    case 5: unsafe compute(ByteSums<1, 5>(), stripe: stripe, group: group, row: row, factors: factors)
    case 6: unsafe compute(ByteSums<1, 6>(), stripe: stripe, group: group, row: row, factors: factors)
    case 7: unsafe compute(ByteSums<1, 7>(), stripe: stripe, group: group, row: row, factors: factors)
    default: unsafe compute(ByteSums<1, 8>(), stripe: stripe, group: group, row: row, factors: factors)
    }
  }

  /// Splits a row of X, rounded to 16 bits, into high and low bytes.
  private func prepare(row: Int, into target: UnsafeMutablePointer<Float>) {
    let words = w.wordsPerRow
    let start = unsafe x.start + row * x.rowStride
    let greatest = unsafe greatestMagnitude(start, count: x.columns)
    let inverse = greatest.isFinite && greatest >= .leastNormalMagnitude * 32_767 ? 32_767 / greatest : 0
    unsafe target[2 * words] = greatest.isFinite ? greatest / 32_767 : .nan
    for word in Swift.stride(from: 0, to: words, by: laneCount) {
      func quarter(_ index: Int) -> SIMD16<Int32> {
        let column = 4 * word + index * laneCount
        guard column < x.columns, inverse != 0 else { return SIMD16(repeating: 32_768) }
        let lanes = unsafe start.lanes(at: column, count: min(laneCount, x.columns - column))
        return rnnd_nearest_integers(lanes * inverse) &+ 32_768
      }
      let parts = (quarter(0), quarter(1), quarter(2), quarter(3))
      let high = rnnd_bytes(parts.0 &>> 8, parts.1 &>> 8, parts.2 &>> 8, parts.3 &>> 8)
      let low = rnnd_bytes(parts.0 & 255, parts.1 & 255, parts.2 & 255, parts.3 & 255)
      let count = min(laneCount, words - word)
      unsafe target.set(high, at: word, count: count)
      unsafe target.set(low, at: words + word, count: count)
    }
  }

  /// Computes some groups of a stripe for some vectors: each load of W serves all of these.
  @inline(__always)
  private func compute<let vectorCount: Int, let groupCount: Int>(
    _ zeros: ByteSums<vectorCount, groupCount>, stripe: Range<Int>, group: Int, row: Int,
    factors: UnsafePointer<Float>
  ) {
    let words = w.wordsPerRow
    let stride = 2 &* words &+ 1
    var place = unsafe UnsafePointer(w.start(of: group, in: stripe))
    let step = stripe.count * laneCount
    var (high, low) = (zeros.sums, zeros.sums)
    // Σ q · (256 · high + low - 32768), of which the first and last part are taken together, exactly.
    for index in 0..<groupCount {
      let start = unsafe w.rowOffsets.base.integers(at: (group &+ index) &* laneCount)
      for vector in 0..<vectorCount { high[vector][index] = start }
    }
    for word in 0..<words {
      for index in 0..<groupCount {
        unsafe rnnd_prefetch_once(place + (index &* laneCount &+ RowStripes.distance))
        let lanes = unsafe place.lanes(at: index &* laneCount)
        for vector in 0..<vectorCount {
          let highFactor = unsafe Lanes(repeating: factors[vector &* stride &+ word])
          let lowFactor = unsafe Lanes(repeating: factors[vector &* stride &+ words &+ word])
          high[vector][index] = rnnd_add_byte_products(high[vector][index], highFactor, lanes)
          low[vector][index] = rnnd_add_byte_products(low[vector][index], lowFactor, lanes)
        }
      }
      unsafe place += step
    }
    for vector in 0..<vectorCount {
      let scale = unsafe factors[vector &* stride &+ 2 &* words]
      let target = unsafe y.start + (row &+ vector) &* y.rowStride
      for index in 0..<groupCount {
        let first = (group &+ index) &* laneCount
        let total = rnnd_numbers(low[vector][index])
          .plusProduct(rnnd_numbers(high[vector][index]), Lanes(repeating: 256))
        let factors = unsafe w.rowScales.base.lanes(at: first) * scale
        let count = min(laneCount, y.columns &- first)
        let biases = unsafe bias.start.lanes(at: first, count: count)
        unsafe target.set(biases.plusProduct(total, factors), at: first, count: count)
      }
    }
  }
}

/// Sums of a few vectors by a few groups of rows.
private struct ByteSums<let vectorCount: Int, let groupCount: Int> {
  let sums = InlineArray<vectorCount, InlineArray<groupCount, SIMD16<Int32>>>(
    repeating: .init(repeating: .zero))
}
