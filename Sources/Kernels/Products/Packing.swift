/// Copies rows `depths` and columns `columns` of a row-major matrix into panels: for each 32 columns, row after row,
/// filled up with zeros.
///
///     target[panel][k][j] = source[depths.lowerBound + k, columns.lowerBound + 32 · panel + j]
func packRowMajor(
  _ source: UnsafePointer<Float>, stride: Int, depths: Range<Int>, columns: Range<Int>,
  into target: UnsafeMutablePointer<Float>
) {
  // Row after row, as the processor foresees it.
  let panelStride = depths.count * panelWidth
  let wholePanels = columns.count / panelWidth
  let width = columns.count % panelWidth
  var row = unsafe source + depths.lowerBound * stride + columns.lowerBound
  var target = unsafe target
  for _ in depths {
    var place = unsafe target
    for panel in 0..<wholePanels {
      unsafe place.set(row.lanes(at: panel &* panelWidth), at: 0)
      unsafe place.set(row.lanes(at: panel &* panelWidth &+ laneCount), at: laneCount)
      unsafe place += panelStride
    }
    if width > 0 {
      let rest = unsafe row + wholePanels &* panelWidth
      unsafe place.set(rest.lanes(at: 0, count: min(width, laneCount)), at: 0)
      unsafe place.set(
        width > laneCount ? rest.lanes(at: laneCount, count: width &- laneCount) : .zero, at: laneCount)
    }
    unsafe row += stride
    unsafe target += panelWidth
  }
}

/// Does the same as `packRowMajor` for a matrix that is stored transposed.
///
///     target[panel][k][j] = source[columns.lowerBound + 32 · panel + j, depths.lowerBound + k]
func packTransposed(
  _ source: UnsafePointer<Float>, stride: Int, depths: Range<Int>, columns: Range<Int>,
  into target: UnsafeMutablePointer<Float>
) {
  var target = unsafe target
  for first in Swift.stride(from: columns.lowerBound, to: columns.upperBound, by: panelWidth) {
    for half in 0..<2 {
      let start = first + half * laneCount
      let width = max(0, min(laneCount, columns.upperBound - start))
      unsafe packTransposedHalf(
        source + (width == 0 ? 0 : start * stride + depths.lowerBound), stride: stride, depth: depths.count,
        width: width, into: target + half * laneCount)
    }
    unsafe target += depths.count * panelWidth
  }
}

/// Packs 16 columns of a panel, the last of which may be missing.
private func packTransposedHalf(
  _ source: UnsafePointer<Float>, stride: Int, depth: Int, width: Int, into target: UnsafeMutablePointer<Float>
) {
  let blockedDepth = width == laneCount ? depth / laneCount * laneCount : 0
  for k in Swift.stride(from: 0, to: blockedDepth, by: laneCount) {
    unsafe transposeBlock(source + k, stride: stride, into: target + k * panelWidth)
  }
  for k in blockedDepth..<depth {
    for lane in 0..<laneCount {
      unsafe target[k * panelWidth + lane] = lane < width ? source[lane * stride + k] : 0
    }
  }
}

@inline(__always)
private func transposeBlock(
  _ source: UnsafePointer<Float>, stride: Int, into target: UnsafeMutablePointer<Float>
) {
  var block = InlineArray<16, Lanes>(repeating: .zero)
  for row in 0..<16 { block[row] = unsafe source.lanes(at: row &* stride) }
  transpose(&block)
  for row in 0..<16 { unsafe target.set(block[row], at: row &* panelWidth) }
}

/// Transposes 16 rows of 16 numbers in four rounds, each of which exchanges parts twice the size between pairs of rows.
@inline(__always)
func transpose(_ a: inout InlineArray<16, Lanes>) {
  var b = InlineArray<16, Lanes>(repeating: .zero)
  for pair in 0..<8 {
    b[2 &* pair] = a[2 &* pair].singles(a[2 &* pair &+ 1], from: 0)
    b[2 &* pair &+ 1] = a[2 &* pair].singles(a[2 &* pair &+ 1], from: 2)
  }
  for group in 0..<4 {
    let first = 4 &* group
    a[first] = b[first].doubles(b[first &+ 2], from: 0)
    a[first &+ 1] = b[first].doubles(b[first &+ 2], from: 2)
    a[first &+ 2] = b[first &+ 1].doubles(b[first &+ 3], from: 0)
    a[first &+ 3] = b[first &+ 1].doubles(b[first &+ 3], from: 2)
  }
  for row in 0..<4 {
    b[row] = a[row].quadruples(a[row &+ 4], from: 0)
    b[row &+ 4] = a[row].quadruples(a[row &+ 4], from: 4)
    b[row &+ 8] = a[row &+ 8].quadruples(a[row &+ 12], from: 0)
    b[row &+ 12] = a[row &+ 8].quadruples(a[row &+ 12], from: 4)
  }
  for row in 0..<4 {
    a[row] = b[row].quadruples(b[row &+ 8], from: 0)
    a[row &+ 4] = b[row &+ 4].quadruples(b[row &+ 12], from: 0)
    a[row &+ 8] = b[row].quadruples(b[row &+ 8], from: 4)
    a[row &+ 12] = b[row &+ 4].quadruples(b[row &+ 12], from: 4)
  }
}

extension Lanes {
  /// From each group of four, two numbers of this and of `other` in turn, from position `from` of the group on.
  @inline(__always)
  fileprivate func singles(_ other: Lanes, from f: Int) -> Lanes {
    Lanes(
      self[f], other[f], self[f &+ 1], other[f &+ 1], self[f &+ 4], other[f &+ 4], self[f &+ 5], other[f &+ 5],
      self[f &+ 8], other[f &+ 8], self[f &+ 9], other[f &+ 9], self[f &+ 12], other[f &+ 12], self[f &+ 13],
      other[f &+ 13])
  }

  /// From each group of four, a pair of this and a pair of `other`, from position `from` of the group on.
  @inline(__always)
  fileprivate func doubles(_ other: Lanes, from f: Int) -> Lanes {
    Lanes(
      self[f], self[f &+ 1], other[f], other[f &+ 1], self[f &+ 4], self[f &+ 5], other[f &+ 4], other[f &+ 5],
      self[f &+ 8], self[f &+ 9], other[f &+ 8], other[f &+ 9], self[f &+ 12], self[f &+ 13], other[f &+ 12],
      other[f &+ 13])
  }

  /// Every other group of four of this, then of `other`, from position `from` on.
  @inline(__always)
  fileprivate func quadruples(_ other: Lanes, from f: Int) -> Lanes {
    Lanes(
      self[f], self[f &+ 1], self[f &+ 2], self[f &+ 3], self[f &+ 8], self[f &+ 9], self[f &+ 10], self[f &+ 11],
      other[f], other[f &+ 1], other[f &+ 2], other[f &+ 3], other[f &+ 8], other[f &+ 9], other[f &+ 10],
      other[f &+ 11])
  }
}
