import CSystem

/// Multiplies a compact matrix and a vector.
///
///     y = W · x + bias
///
/// x keeps 16 bits of precision: what the result loses, it loses to the rounding of W.
///
/// - Precondition: W is `[y.count, x.count]`; y overlaps neither x nor the bias.
/// - Complexity: reads W once, at the memory's speed; allocates only while the team's scratch grows.
package func multiply(_ w: CompactMatrix, _ x: Vector, bias: Vector? = nil, into y: Vector, team: ThreadTeam) {
  multiply(
    w, x.asMatrix(rows: 1, columns: x.count), bias: bias, into: y.asMatrix(rows: 1, columns: y.count), team: team)
}

/// Multiplies a compact matrix and several vectors, reading the matrix once for all of them.
///
///     Y[i] = W · X[i] + bias        for each row i
///
/// A row's result is the same, bit for bit, whatever the other rows.
///
/// - Precondition: W is `[Y.columns, X.columns]`, X and Y have as many rows; Y overlaps neither X nor the bias.
package func multiply(_ w: CompactMatrix, _ x: Matrix, bias: Vector? = nil, into y: Matrix, team: ThreadTeam) {
  precondition(w.rows == y.columns && w.columns == x.columns && x.rows == y.rows, "multiply: shapes differ")
  precondition(bias == nil || bias?.count == w.rows, "multiply: bias does not fit")
  let groupCount = (w.rows + laneCount - 1) / laneCount
  let wordsPerThread = 65_536
  team.run(
    CompactProduct(w: w, x: x, bias: bias, y: y), count: groupCount,
    grain: max(4, wordsPerThread / max(1, w.wordsPerRow * laneCount)))
}

/// A compact product, cut by groups of 16 rows of W.
private struct CompactProduct: TeamWork {
  let w: CompactMatrix
  let x: Matrix
  let bias: Vector?
  let y: Matrix

  /// How many groups are computed together: as many sums as hide the multiply-adds' latency.
  private static let stride = 4

  func run(_ groups: Range<Int>, scratch: Scratch) {
    let words = w.wordsPerRow
    let factors = unsafe scratch.memory(count: x.rows * (2 * words + 1))
    for row in 0..<x.rows { unsafe prepare(row: row, into: factors + row * (2 * words + 1)) }
    var group = groups.lowerBound
    while group < groups.upperBound {
      let isWhole = group + Self.stride <= groups.upperBound
      for row in 0..<x.rows {
        let rowFactors = unsafe factors + row * (2 * words + 1)
        if isWhole {
          unsafe compute(InlineArray<4, Lanes>(repeating: .zero), group: group, row: row, factors: rowFactors)
        } else {
          for single in group..<groups.upperBound {
            unsafe compute(InlineArray<1, Lanes>(repeating: .zero), group: single, row: row, factors: rowFactors)
          }
        }
      }
      group += Self.stride
    }
  }

  /// Splits a row of X into two parts that the format multiplies by, high and low, each word of which stands for as many
  /// columns as a word of W. For int8 what the sums must be multiplied by comes after them.
  private func prepare(row: Int, into target: UnsafeMutablePointer<Float>) {
    let words = w.wordsPerRow
    let start = unsafe x.start + row * x.rowStride
    switch w.format {
    case .bfloat16:
      forEachLanes(words) { word, width in
        let count = min(32, x.columns - 2 * word)
        let high = unsafe neighbours(start + 2 * word, count: count)
        let low = unsafe neighbours(start + 2 * word, count: count, less: high)
        unsafe target.set(high, at: word, count: width)
        unsafe target.set(low, at: words + word, count: width)
      }
    case .int8:
      let greatest = unsafe greatestMagnitude(start, count: x.columns)
      let scale = greatest.isFinite ? greatest / 32_767 : .nan
      let inverse = greatest.isFinite && greatest >= .leastNormalMagnitude * 32_767 ? 32_767 / greatest : 0
      unsafe target[2 * words] = scale
      let bytes = unsafe UnsafeMutableRawPointer(target).assumingMemoryBound(to: UInt8.self)
      for column in 0..<4 * words {
        let value = unsafe column < x.columns && inverse != 0 ? (start[column] * inverse).rounded() : 0
        let shifted = UInt16(Int32(value) + 32_768)
        unsafe bytes[column] = UInt8(shifted >> 8)
        unsafe bytes[4 * words + column] = UInt8(shifted & 0xFF)
      }
    }
  }

  @inline(__always)
  private func compute<let groupCount: Int>(
    _ zeros: InlineArray<groupCount, Lanes>, group: Int, row: Int, factors: UnsafePointer<Float>
  ) {
    switch w.format {
    case .bfloat16: unsafe computePairs(zeros, group: group, row: row, factors: factors)
    case .int8:
      unsafe computeBytes(
        InlineArray<groupCount, SIMD16<Int32>>(repeating: .zero), group: group, row: row, factors: factors)
    }
  }

  private func computePairs<let groupCount: Int>(
    _ zeros: InlineArray<groupCount, Lanes>, group: Int, row: Int, factors: UnsafePointer<Float>
  ) {
    let words = w.wordsPerRow
    let weights = unsafe w.words.base + group * words * laneCount
    var (high, low) = (zeros, zeros)
    for word in 0..<words {
      let highFactor = unsafe Lanes(repeating: factors[word])
      let lowFactor = unsafe Lanes(repeating: factors[words &+ word])
      for index in 0..<groupCount {
        let lanes = unsafe weights.lanes(at: (index &* words &+ word) &* laneCount)
        high[index] = rnnd_add_pair_products(high[index], highFactor, lanes)
        low[index] = rnnd_add_pair_products(low[index], lowFactor, lanes)
      }
    }
    for index in 0..<groupCount { store(high[index] + low[index], group: group + index, row: row) }
  }

  private func computeBytes<let groupCount: Int>(
    _ zeros: InlineArray<groupCount, SIMD16<Int32>>, group: Int, row: Int, factors: UnsafePointer<Float>
  ) {
    let words = w.wordsPerRow
    let weights = unsafe w.words.base + group * words * laneCount
    var (high, low) = (zeros, zeros)
    for word in 0..<words {
      let highFactor = unsafe Lanes(repeating: factors[word])
      let lowFactor = unsafe Lanes(repeating: factors[words &+ word])
      for index in 0..<groupCount {
        let lanes = unsafe weights.lanes(at: (index &* words &+ word) &* laneCount)
        high[index] = rnnd_add_byte_products(high[index], highFactor, lanes)
        low[index] = rnnd_add_byte_products(low[index], lowFactor, lanes)
      }
    }
    let scale = unsafe factors[2 * words]
    for index in 0..<groupCount {
      let first = (group + index) * laneCount
      // Σ q · (256 · high + low - 32768), of which the first and last part are first taken together, exactly.
      let sums = unsafe w.rowSums.base.lanes(at: first)
      let upper = high[index] &- rnnd_nearest_integers(sums) &* 128
      let total = rnnd_numbers(low[index]).plusProduct(rnnd_numbers(upper), Lanes(repeating: 256))
      store(unsafe total * (w.rowScales.base.lanes(at: first) * scale), group: group + index, row: row)
    }
  }

  /// Stores 16 results, or fewer at the end.
  @inline(__always)
  private func store(_ lanes: Lanes, group: Int, row: Int) {
    let first = group * laneCount
    let count = min(laneCount, w.rows - first)
    var sum = lanes
    if let bias { unsafe sum += bias.start.lanes(at: first, count: count) }
    unsafe (y.start + row * y.rowStride).set(sum, at: first, count: count)
  }
}
