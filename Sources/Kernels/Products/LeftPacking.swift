import CSystem

/// Rounds rows of A to pairs along the depth, for all tasks of a product.
@safe
struct RowPacking: TeamWork {
  private let source: UnsafePointer<Float>
  private let stride: Int
  private let depth: Int
  private let target: UnsafeMutablePointer<Float>
  private let targetStride: Int

  /// - Parameters:
  ///   - source: A's first number.
  ///   - stride: The distance from row to row.
  ///   - targetStride: The same in pairs.
  init(
    _ source: UnsafePointer<Float>, stride: Int, depth: Int, into target: UnsafeMutablePointer<Float>, targetStride: Int
  ) {
    unsafe self.source = unsafe source
    self.stride = stride
    self.depth = depth
    unsafe self.target = unsafe target
    self.targetStride = targetStride
  }

  func run(_ rows: Range<Int>, scratch: Scratch) {
    unsafe packRowPairs(
      source + rows.lowerBound * stride, stride: stride, width: depth, rows: rows.count,
      into: target + rows.lowerBound * targetStride, targetStride: targetStride)
  }
}

/// Copies some tiles' rows of a transposed A so that each tile's numbers follow each other: without this a tile would
/// touch another page of memory for every step. In bfloat16 they are rounded to pairs along the depth.
///
///     target[tile][step][r] = source[steps.lowerBound + step, split.range(of: tile).lowerBound + r]
///
/// - Precondition: there are at most 32 tiles.
/// - Parameters:
///   - source: A's first number, of which `stride` is the distance from depth to depth.
///   - split: How all of A's rows are cut into tiles.
///   - target: Each tile begins where `tileOffset` says, and needs 16 numbers more than it has.
func packTiles(
  _ source: UnsafePointer<Float>, stride: Int, precision: ProductPrecision, depth: Int, steps: Range<Int>,
  tiles: Range<Int>, of split: EvenSplit, into target: UnsafeMutablePointer<Float>
) {
  let rowCount = split.whole.upperBound
  func lanes(at depth: Int, row: Int) -> Lanes {
    let numbers = unsafe source + depth &* stride
    return unsafe row &+ laneCount <= rowCount ? numbers.lanes(at: row) : numbers.lanes(at: row, count: rowCount &- row)
  }
  switch precision {
  case .single:
    unsafe packTiles(tiles, of: split, steps: steps, into: target) { step, row in lanes(at: step, row: row) }
  case .bfloat16:
    unsafe packTiles(tiles, of: split, steps: steps, into: target) { step, row in
      let second = 2 &* step &+ 1
      return rnnd_pair(lanes(at: 2 &* step, row: row), second < depth ? lanes(at: second, row: row) : .zero)
    }
  }
}

/// Packs tiles of which a closure gives 16 rows from a row on, at one step. Step after step, as the memory likes it.
@inline(__always)
private func packTiles(
  _ tiles: Range<Int>, of split: EvenSplit, steps: Range<Int>, into target: UnsafeMutablePointer<Float>,
  _ lanes: (_ step: Int, _ row: Int) -> Lanes
) {
  var starts = InlineArray<33, Int>(repeating: 0)
  var places = InlineArray<33, Int>(repeating: 0)
  for (index, tile) in tiles.enumerated() {
    starts[index] = split.range(of: tile).lowerBound
    places[index] = tileOffset(of: tile, from: tiles.lowerBound, in: split, depth: steps.count)
  }
  starts[tiles.count] = split.range(of: tiles.upperBound - 1).upperBound
  for step in steps {
    for index in 0..<tiles.count {
      let start = starts[index]
      unsafe target.set(lanes(step, start), at: places[index])
      places[index] &+= starts[index &+ 1] &- start
    }
  }
}

/// Where a tile begins in what `packTiles` packs from tile `first` on.
@inline(__always)
func tileOffset(of tile: Int, from first: Int, in split: EvenSplit, depth: Int) -> Int {
  (split.range(of: tile).lowerBound - split.range(of: first).lowerBound) * depth + (tile - first) * laneCount
}
