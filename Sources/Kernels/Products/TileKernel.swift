import CSystem

/// The product's innermost loop: a tile of C, up to `maximumTileRows` rows by `panelWidth` columns, kept in registers
/// while the depth runs by.
///
///     C[r, j] = initial[r, j] + Σ_k A[r, k] · B[k, j]
///
/// Each number of C is one chain of fused multiply-adds over k in ascending order, and the chain goes on where it
/// stopped if a product is made in several calls. So its bits depend on nothing but the numbers that go into it: not on
/// tiles, blocks, packing, the other rows, or threads.
@safe
struct Tile {
  var rows: Int
  var depth: Int
  /// A's number at row 0 and depth 0, and the distances to the next row and depth.
  var a: UnsafePointer<Float>
  var aRowStride: Int
  var aDepthStride: Int
  /// B's first number at depth 0, and the distance to the next depth.
  var b: UnsafePointer<Float>
  var bDepthStride: Int
  /// What the sums begin with, and the distance to its next row: zero where all rows begin alike.
  var initial: UnsafePointer<Float>
  var initialRowStride: Int
  /// C's first number, and the distance to its next row.
  var c: UnsafeMutablePointer<Float>
  var cRowStride: Int
}

/// How many columns of C a tile has: two `Lanes`.
let panelWidth = 2 * laneCount

/// How many rows of C a tile has at most: as many as leave registers for B and the broadcast of A.
let maximumTileRows = rnnd_has_wide_registers() != 0 ? 10 : 2

extension Tile {
  /// Computes the tile.
  ///
  /// - Parameter isNarrow: Whether only the left half of the columns is wanted.
  func compute(isNarrow: Bool) {
    if isNarrow { computeNarrow() } else { computeWide() }
  }

  private func computeWide() {
    switch rows {
    case 10: wide(InlineArray<10, Lanes>(repeating: .zero))
    case 9: wide(InlineArray<9, Lanes>(repeating: .zero))
    case 8: wide(InlineArray<8, Lanes>(repeating: .zero))
    case 7: wide(InlineArray<7, Lanes>(repeating: .zero))
    case 6: wide(InlineArray<6, Lanes>(repeating: .zero))
    case 5: wide(InlineArray<5, Lanes>(repeating: .zero))
    case 4: wide(InlineArray<4, Lanes>(repeating: .zero))
    case 3: wide(InlineArray<3, Lanes>(repeating: .zero))
    case 2: wide(InlineArray<2, Lanes>(repeating: .zero))
    case 1: wide(InlineArray<1, Lanes>(repeating: .zero))
    default: preconditionFailure("Tile: too many rows")
    }
  }

  private func computeNarrow() {
    switch rows {
    case 10: narrow(InlineArray<10, Lanes>(repeating: .zero))
    case 9: narrow(InlineArray<9, Lanes>(repeating: .zero))
    case 8: narrow(InlineArray<8, Lanes>(repeating: .zero))
    case 7: narrow(InlineArray<7, Lanes>(repeating: .zero))
    case 6: narrow(InlineArray<6, Lanes>(repeating: .zero))
    case 5: narrow(InlineArray<5, Lanes>(repeating: .zero))
    case 4: narrow(InlineArray<4, Lanes>(repeating: .zero))
    case 3: narrow(InlineArray<3, Lanes>(repeating: .zero))
    case 2: narrow(InlineArray<2, Lanes>(repeating: .zero))
    case 1: narrow(InlineArray<1, Lanes>(repeating: .zero))
    default: preconditionFailure("Tile: too many rows")
    }
  }

  /// The loop for a number of rows known to the compiler, which unrolls it and keeps the sums in registers.
  @inline(never)
  private func wide<let rowCount: Int>(_ zeros: InlineArray<rowCount, Lanes>) {
    var left = zeros
    var right = zeros
    for row in 0..<rowCount {
      let start = unsafe initial + row &* initialRowStride
      left[row] = unsafe start.lanes(at: 0)
      right[row] = unsafe start.lanes(at: laneCount)
    }
    var a = unsafe a
    var b = unsafe b
    for _ in 0..<depth {
      let bLeft = unsafe b.lanes(at: 0)
      let bRight = unsafe b.lanes(at: laneCount)
      for row in 0..<rowCount {
        let factor = unsafe Lanes(repeating: a[row &* aRowStride])
        left[row] = left[row].addingProduct(factor, bLeft)
        right[row] = right[row].addingProduct(factor, bRight)
      }
      unsafe a += aDepthStride
      unsafe b += bDepthStride
    }
    for row in 0..<rowCount {
      let start = unsafe c + row &* cRowStride
      unsafe start.set(left[row], at: 0)
      unsafe start.set(right[row], at: laneCount)
    }
  }

  @inline(never)
  private func narrow<let rowCount: Int>(_ zeros: InlineArray<rowCount, Lanes>) {
    var sums = zeros
    for row in 0..<rowCount { sums[row] = unsafe (initial + row &* initialRowStride).lanes(at: 0) }
    var a = unsafe a
    var b = unsafe b
    for _ in 0..<depth {
      let bLanes = unsafe b.lanes(at: 0)
      for row in 0..<rowCount {
        sums[row] = unsafe sums[row].addingProduct(Lanes(repeating: a[row &* aRowStride]), bLanes)
      }
      unsafe a += aDepthStride
      unsafe b += bDepthStride
    }
    for row in 0..<rowCount { unsafe (c + row &* cRowStride).set(sums[row], at: 0) }
  }
}
