import CSystem

/// One task's part of a product: some rows and some panels of 32 columns of C.
@safe
struct ProductBlock {
  let product: Product
  let rows: Range<Int>
  let panels: Range<Int>

  /// How many rows of a transposed A are packed at a time: no more than 32 tiles.
  private static let packedRowLimit = 24 * maximumTileRows

  private var columns: Range<Int> {
    panels.lowerBound * panelWidth..<min(panels.upperBound * panelWidth, product.columns)
  }

  /// Where things lie in the scratch.
  @safe
  private struct Places {
    let zeros: UnsafeMutablePointer<Float>
    let edge: UnsafeMutablePointer<Float>
    let a: UnsafeMutablePointer<Float>
    let b: UnsafeMutablePointer<Float>

    init(_ block: ProductBlock, depthLimit: Int, scratch: Scratch) {
      let aCount =
        block.product.isATransposed
        ? ProductBlock.packedRowLimit * (depthLimit + laneCount) + laneCount : 0
      let bCount = block.product.isBPacked ? 0 : block.panels.count * panelWidth * depthLimit
      let edgeCount = maximumTileRows * panelWidth
      unsafe zeros = scratch.memory(count: panelWidth + edgeCount + aCount + bCount)
      unsafe edge = unsafe zeros + panelWidth
      unsafe b = unsafe edge + edgeCount
      unsafe a = unsafe b + bCount
      unsafe zeros.update(repeating: 0, count: panelWidth)
    }
  }

  func compute(scratch: Scratch) {
    let depthSplit = Product.depthSplit(product.depth)
    let places = Places(self, depthLimit: depthSplit.largest, scratch: scratch)
    for block in 0..<depthSplit.count {
      let depths = depthSplit.range(of: block)
      let b = unsafe packedRightSide(depths: depths, room: places.b)
      let groups = product.isATransposed ? EvenSplit(rows, limit: Self.packedRowLimit) : EvenSplit(rows, count: 1)
      for group in 0..<groups.count {
        let tiles = EvenSplit(groups.range(of: group), limit: maximumTileRows)
        if product.isATransposed {
          unsafe packTiles(
            product.a, stride: product.aDepthStride, rowLength: product.rows, depths: depths, tiles: tiles,
            into: places.a)
        }
        unsafe computeTiles(tiles, depths: depths, b: b, places: places)
      }
    }
  }

  /// This block's panels of B at some depths: where they lie packed, or newly packed.
  private func packedRightSide(depths: Range<Int>, room: UnsafeMutablePointer<Float>) -> UnsafePointer<Float> {
    switch unsafe product.b {
    case .packed(let packed):
      let paddedColumns = (product.columns + panelWidth - 1) / panelWidth * panelWidth
      return unsafe packed + depths.lowerBound * paddedColumns + panels.lowerBound * panelWidth * depths.count
    case .rowMajor(let source, let stride):
      unsafe packRowMajor(source, stride: stride, depths: depths, columns: columns, into: room)
    case .transposed(let source, let stride):
      unsafe packTransposed(source, stride: stride, depths: depths, columns: columns, into: room)
    }
    return unsafe UnsafePointer(room)
  }

  /// Computes some rows of tiles. With many, each row of tiles runs through all panels, as its part of A is then read
  /// from afar once; with few, each panel is used by all tiles while it is in the first-level cache.
  private func computeTiles(_ tiles: EvenSplit, depths: Range<Int>, b: UnsafePointer<Float>, places: Places) {
    if tiles.count > 4 {
      for tile in 0..<tiles.count {
        for panel in panels {
          if !product.isATransposed && tile + 1 < tiles.count {
            prefetch(tiles.range(of: tile + 1), depths: depths, part: panel - panels.lowerBound)
          }
          unsafe computeTile(tile, of: tiles, panel: panel, depths: depths, b: b, places: places)
        }
      }
    } else {
      for panel in panels {
        for tile in 0..<tiles.count {
          unsafe computeTile(tile, of: tiles, panel: panel, depths: depths, b: b, places: places)
        }
      }
    }
  }

  /// Asks for a part of the next tile's rows of A, spread over the panels of the present one.
  @inline(__always)
  private func prefetch(_ rows: Range<Int>, depths: Range<Int>, part: Int) {
    let start = unsafe product.a + depths.lowerBound
    for index in stride(from: part, to: rows.count, by: panels.count) {
      let row = unsafe start + (rows.lowerBound + index) * product.aRowStride
      for k in stride(from: 0, to: depths.count, by: laneCount) { unsafe rnnd_prefetch(row + k) }
    }
  }

  private func computeTile(
    _ index: Int, of tiles: EvenSplit, panel: Int, depths: Range<Int>, b: UnsafePointer<Float>, places: Places
  ) {
    let rows = tiles.range(of: index)
    let firstColumn = panel * panelWidth
    let width = min(panelWidth, product.columns - firstColumn)
    let target = unsafe product.c + rows.lowerBound * product.cRowStride + firstColumn
    var initial = unsafe UnsafePointer(target)
    var initialRowStride = product.cRowStride
    if depths.lowerBound == 0 {
      switch unsafe product.beginning {
      case .target: break
      case .zero:
        unsafe initial = unsafe UnsafePointer(places.zeros)
        initialRowStride = 0
      case .bias(let bias):
        unsafe initial = unsafe bias + firstColumn
        initialRowStride = 0
      }
    }
    let isPacked = product.isATransposed
    let a =
      unsafe isPacked
      ? UnsafePointer(places.a) + tileOffset(of: index, in: tiles, depth: depths.count)
      : product.a + rows.lowerBound * product.aRowStride + depths.lowerBound
    let tile = unsafe Tile(
      rows: rows.count, depth: depths.count, a: a, aRowStride: isPacked ? 1 : product.aRowStride,
      aDepthStride: isPacked ? rows.count : 1, b: b + (panel - panels.lowerBound) * panelWidth * depths.count,
      bDepthStride: panelWidth, initial: initial, initialRowStride: initialRowStride, c: target,
      cRowStride: product.cRowStride)
    if width == panelWidth || width == laneCount {
      tile.compute(isNarrow: width == laneCount)
    } else {
      unsafe computeEdge(tile, width: width, room: places.edge)
    }
  }

  /// Computes a tile that hangs over C's right edge: in a place of its own, of which the valid part is copied.
  private func computeEdge(_ tile: Tile, width: Int, room: UnsafeMutablePointer<Float>) {
    var whole = tile
    for row in 0..<tile.rows {
      unsafe copyShort(tile.initial + row * tile.initialRowStride, count: width, to: room + row * panelWidth)
    }
    unsafe whole.initial = unsafe UnsafePointer(room)
    whole.initialRowStride = panelWidth
    unsafe whole.c = unsafe room
    whole.cRowStride = panelWidth
    whole.compute(isNarrow: width < laneCount)
    for row in 0..<tile.rows {
      unsafe copyShort(room + row * panelWidth, count: width, to: tile.c + row * tile.cRowStride)
    }
  }
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
