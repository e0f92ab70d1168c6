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
  var precision: ProductPrecision
  var rows: Int
  /// How many steps the sums take: numbers of A's row, or pairs of bfloat16 numbers.
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
    switch (precision, isNarrow) {
    case (.single, false): computeWide(with: SingleSteps.self)
    case (.single, true): computeNarrow(with: SingleSteps.self)
    case (.bfloat16, false): computeWide(with: PairSteps.self)
    case (.bfloat16, true): computeNarrow(with: PairSteps.self)
    }
  }

  @inline(__always)
  private func computeWide<Steps: TileSteps>(with steps: Steps.Type) {
    switch rows {
    case 10: wide(steps, InlineArray<10, Lanes>(repeating: .zero))
    case 9: wide(steps, InlineArray<9, Lanes>(repeating: .zero))
    case 8: wide(steps, InlineArray<8, Lanes>(repeating: .zero))
    case 7: wide(steps, InlineArray<7, Lanes>(repeating: .zero))
    case 6: wide(steps, InlineArray<6, Lanes>(repeating: .zero))
    case 5: wide(steps, InlineArray<5, Lanes>(repeating: .zero))
    case 4: wide(steps, InlineArray<4, Lanes>(repeating: .zero))
    case 3: wide(steps, InlineArray<3, Lanes>(repeating: .zero))
    case 2: wide(steps, InlineArray<2, Lanes>(repeating: .zero))
    case 1: wide(steps, InlineArray<1, Lanes>(repeating: .zero))
    default: preconditionFailure("Tile: too many rows")
    }
  }

  @inline(__always)
  private func computeNarrow<Steps: TileSteps>(with steps: Steps.Type) {
    switch rows {
    case 10: narrow(steps, InlineArray<10, Lanes>(repeating: .zero))
    case 9: narrow(steps, InlineArray<9, Lanes>(repeating: .zero))
    case 8: narrow(steps, InlineArray<8, Lanes>(repeating: .zero))
    case 7: narrow(steps, InlineArray<7, Lanes>(repeating: .zero))
    case 6: narrow(steps, InlineArray<6, Lanes>(repeating: .zero))
    case 5: narrow(steps, InlineArray<5, Lanes>(repeating: .zero))
    case 4: narrow(steps, InlineArray<4, Lanes>(repeating: .zero))
    case 3: narrow(steps, InlineArray<3, Lanes>(repeating: .zero))
    case 2: narrow(steps, InlineArray<2, Lanes>(repeating: .zero))
    case 1: narrow(steps, InlineArray<1, Lanes>(repeating: .zero))
    default: preconditionFailure("Tile: too many rows")
    }
  }

  /// The loop for a number of rows known to the compiler, which unrolls it and keeps the sums in registers.
  @inline(never)
  private func wide<Steps: TileSteps, let rowCount: Int>(_ steps: Steps.Type, _ zeros: InlineArray<rowCount, Lanes>) {
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
        left[row] = steps.add(factor, bLeft, to: left[row])
        right[row] = steps.add(factor, bRight, to: right[row])
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
  private func narrow<Steps: TileSteps, let rowCount: Int>(_ steps: Steps.Type, _ zeros: InlineArray<rowCount, Lanes>) {
    var sums = zeros
    for row in 0..<rowCount { sums[row] = unsafe (initial + row &* initialRowStride).lanes(at: 0) }
    var a = unsafe a
    var b = unsafe b
    for _ in 0..<depth {
      let bLanes = unsafe b.lanes(at: 0)
      for row in 0..<rowCount {
        sums[row] = unsafe steps.add(Lanes(repeating: a[row &* aRowStride]), bLanes, to: sums[row])
      }
      unsafe a += aDepthStride
      unsafe b += bDepthStride
    }
    for row in 0..<rowCount { unsafe (c + row &* cRowStride).set(sums[row], at: 0) }
  }
}

/// What one step of a tile's sums is.
private protocol TileSteps {
  static func add(_ a: Lanes, _ b: Lanes, to sum: Lanes) -> Lanes
}

/// A number of A times one of B.
private enum SingleSteps: TileSteps {
  @inline(__always)
  static func add(_ a: Lanes, _ b: Lanes, to sum: Lanes) -> Lanes { sum.plusProduct(a, b) }
}

/// A pair of A's numbers times a pair of B's, both in bfloat16 and in the place of one number.
private enum PairSteps: TileSteps {
  @inline(__always)
  static func add(_ a: Lanes, _ b: Lanes, to sum: Lanes) -> Lanes { rnnd_add_pair_products(sum, a, b) }
}
