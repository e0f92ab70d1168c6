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
  /// What is asked for meanwhile.
  var ahead: TileAhead?
  /// The next tile's first number of C, if its sums go on from there: asked for now.
  var next: UnsafeMutablePointer<Float>?
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
    switch precision {
    case .single: compute(with: SingleSteps.self, isNarrow: isNarrow)
    case .bfloat16: compute(with: PairSteps.self, isNarrow: isNarrow)
    }
  }

  /// Computes the tile's first `width` columns: one that hangs over C's right edge in a place of its own, of which the
  /// valid part is copied.
  ///
  /// - Parameter edge: Room for a whole tile.
  func compute(width: Int, edge room: UnsafeMutablePointer<Float>) {
    if width == panelWidth || width == laneCount { return compute(isNarrow: width == laneCount) }
    var whole = self
    for row in 0..<rows {
      unsafe copyShort(initial + row * initialRowStride, count: width, to: room + row * panelWidth)
    }
    unsafe whole.initial = unsafe UnsafePointer(room)
    whole.initialRowStride = panelWidth
    unsafe whole.c = unsafe room
    whole.cRowStride = panelWidth
    whole.compute(isNarrow: width < laneCount)
    for row in 0..<rows {
      unsafe copyShort(room + row * panelWidth, count: width, to: c + row * cRowStride)
    }
  }

  @inline(__always)
  private func compute<Steps: TileSteps>(with steps: Steps.Type, isNarrow: Bool) {
    precondition(aRowStride == 1 || aDepthStride == 1, "Tile: A has gaps in both directions")
    switch rows {
    case 10: compute(steps, InlineArray<10, Lanes>.self, isNarrow: isNarrow)
    case 9: compute(steps, InlineArray<9, Lanes>.self, isNarrow: isNarrow)
    case 8: compute(steps, InlineArray<8, Lanes>.self, isNarrow: isNarrow)
    case 7: compute(steps, InlineArray<7, Lanes>.self, isNarrow: isNarrow)
    case 6: compute(steps, InlineArray<6, Lanes>.self, isNarrow: isNarrow)
    case 5: compute(steps, InlineArray<5, Lanes>.self, isNarrow: isNarrow)
    case 4: compute(steps, InlineArray<4, Lanes>.self, isNarrow: isNarrow)
    case 3: compute(steps, InlineArray<3, Lanes>.self, isNarrow: isNarrow)
    case 2: compute(steps, InlineArray<2, Lanes>.self, isNarrow: isNarrow)
    case 1: compute(steps, InlineArray<1, Lanes>.self, isNarrow: isNarrow)
    default: preconditionFailure("Tile: too many rows")
    }
  }

  @inline(__always)
  private func compute<Steps: TileSteps, let rowCount: Int>(
    _ steps: Steps.Type, _ sums: InlineArray<rowCount, Lanes>.Type, isNarrow: Bool
  ) {
    if !isNarrow {
      wide(steps, sums)
    } else if aDepthStride == 1 {
      narrow(steps, RowWalk<rowCount>.self, sums)
    } else {
      narrow(steps, ColumnWalk<rowCount>.self, sums)
    }
  }

  /// The loop for a number of rows known to the compiler, which unrolls it and keeps the sums in registers.
  @inline(never)
  private func wide<Steps: TileSteps, let rowCount: Int>(_ steps: Steps.Type, _ sums: InlineArray<rowCount, Lanes>.Type)
  {
    var left = sums.init { unsafe (initial + $0 &* initialRowStride).lanes(at: 0) }
    var right = sums.init { unsafe (initial + $0 &* initialRowStride).lanes(at: laneCount) }
    var a = unsafe a
    var b = unsafe b
    var ahead = ahead
    if initialRowStride == 0 { unsafe ask(for: c) }
    if let next = unsafe next { unsafe ask(for: next) }
    for first in stride(from: 0, to: depth, by: TileAhead.stepCount) {
      ahead?.ask()
      for _ in first..<min(first &+ TileAhead.stepCount, depth) {
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
    }
    for row in 0..<rowCount {
      let start = unsafe c + row &* cRowStride
      unsafe start.set(left[row], at: 0)
      unsafe start.set(right[row], at: laneCount)
    }
  }

  /// Asks for a tile's cache lines of C, each row's two, or three.
  @inline(__always)
  private func ask(for c: UnsafeMutablePointer<Float>) {
    for row in 0..<rows {
      let start = unsafe c + row &* cRowStride
      unsafe rnnd_prefetch_to_write(start)
      unsafe rnnd_prefetch_to_write(start + laneCount)
      unsafe rnnd_prefetch_to_write(start + (panelWidth - 1))
    }
  }

  /// The same for half the columns. With one multiply-add a number of A, the address of each row must not be worked out
  /// from that of the row before: `TileWalk` has them at hand.
  @inline(never)
  private func narrow<Steps: TileSteps, Walk: TileWalk, let rowCount: Int>(
    _ steps: Steps.Type, _ walk: Walk.Type, _ sums: InlineArray<rowCount, Lanes>.Type
  ) {
    var sums = sums.init { unsafe (initial + $0 &* initialRowStride).lanes(at: 0) }
    var walk = walk.init(self)
    var b = unsafe b
    for _ in 0..<depth {
      let bLanes = unsafe b.lanes(at: 0)
      for row in 0..<rowCount { sums[row] = steps.add(Lanes(repeating: walk[row]), bLanes, to: sums[row]) }
      walk.advance()
      unsafe b += bDepthStride
    }
    for row in 0..<rowCount { unsafe (c + row &* cRowStride).set(sums[row], at: 0) }
  }
}

/// How a narrow tile's loop walks through A along the depth.
private protocol TileWalk {
  init(_ tile: Tile)
  /// A's number in a row at the present depth.
  subscript(row: Int) -> Float { get }
  mutating func advance()
}

/// Where A's rows lie along the depth: a place for each, all advanced by one index.
@safe
private struct RowWalk<let rowCount: Int>: TileWalk {
  private var places: InlineArray<rowCount, UnsafePointer<Float>>
  private var depth = 0

  @inline(__always)
  init(_ tile: Tile) {
    unsafe places = unsafe InlineArray(repeating: tile.a)
    for row in 0..<rowCount { unsafe places[row] = unsafe rnnd_place(tile.a + row &* tile.aRowStride) }
  }

  @inline(__always)
  subscript(row: Int) -> Float { unsafe places[row][depth] }

  @inline(__always)
  mutating func advance() { depth &+= 1 }
}

/// Where A's numbers of all rows lie side by side.
@safe
private struct ColumnWalk<let rowCount: Int>: TileWalk {
  private var place: UnsafePointer<Float>
  private let stride: Int

  @inline(__always)
  init(_ tile: Tile) {
    unsafe place = unsafe tile.a
    stride = tile.aDepthStride
  }

  @inline(__always)
  subscript(row: Int) -> Float { unsafe place[row] }

  @inline(__always)
  mutating func advance() { unsafe place += stride }
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

/// Copies fewer than 32 numbers, in pieces of sizes known to the compiler.
@inline(__always)
private func copyShort(_ source: UnsafePointer<Float>, count: Int, to target: UnsafeMutablePointer<Float>) {
  var place = 0
  if count & 16 != 0 {
    unsafe target.update(from: source, count: 16)
    place = 16
  }
  if count & 8 != 0 {
    unsafe (target + place).update(from: source + place, count: 8)
    place += 8
  }
  if count & 4 != 0 {
    unsafe (target + place).update(from: source + place, count: 4)
    place += 4
  }
  for index in place..<count { unsafe target[index] = source[index] }
}
