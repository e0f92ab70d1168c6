/// One task's part of a product: some rows of tiles and some panels of 32 columns of C.
@safe
struct ProductBlock {
  let product: Product
  let tiles: Range<Int>
  let panels: Range<Int>

  /// How many rows of tiles share a panel while it is in the first-level cache.
  static let fewTiles = 4
  /// How many tiles' rows of A are packed at a time.
  private static let packedTileLimit = 24

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

    init(_ block: ProductBlock, stepLimit: Int, scratch: Scratch) {
      let aCount =
        block.product.isADirect ? 0 : ProductBlock.packedTileLimit * (maximumTileRows * stepLimit + laneCount)
      let bCount = block.product.isBPacked ? 0 : block.panels.count * panelWidth * stepLimit
      let edgeCount = maximumTileRows * panelWidth
      unsafe zeros = scratch.memory(count: panelWidth + edgeCount + aCount + bCount)
      unsafe edge = unsafe zeros + panelWidth
      unsafe b = unsafe edge + edgeCount
      unsafe a = unsafe b + bCount
      unsafe zeros.update(repeating: 0, count: panelWidth)
    }
  }

  func compute(scratch: Scratch) {
    let stepSplit = product.stepSplit
    let places = Places(self, stepLimit: stepSplit.largest, scratch: scratch)
    for block in 0..<stepSplit.count {
      let steps = stepSplit.range(of: block)
      let b = unsafe packedRightSide(steps: steps, room: places.b)
      let groups = product.isADirect ? EvenSplit(tiles, count: 1) : EvenSplit(tiles, limit: Self.packedTileLimit)
      for group in 0..<groups.count {
        let tiles = groups.range(of: group)
        unsafe packLeftSide(tiles, steps: steps, room: places.a)
        unsafe computeTiles(tiles, steps: steps, b: b, places: places)
      }
    }
  }

  /// Packs some tiles' rows of A, unless they are read where they lie.
  private func packLeftSide(_ tiles: Range<Int>, steps: Range<Int>, room: UnsafeMutablePointer<Float>) {
    guard !product.isADirect, case .numbers(let source, _, let stride) = unsafe product.a else { return }
    unsafe packTiles(
      source, stride: stride, precision: product.precision, depth: product.depth, steps: steps, tiles: tiles,
      of: product.tileSplit, into: room)
  }

  /// This block's panels of B at some steps: where they lie packed, or newly packed.
  private func packedRightSide(steps: Range<Int>, room: UnsafeMutablePointer<Float>) -> UnsafePointer<Float> {
    if case .packed(let packed) = unsafe product.b {
      let paddedColumns = product.panelCount * panelWidth
      return unsafe packed + steps.lowerBound * paddedColumns + panels.lowerBound * panelWidth * steps.count
    }
    unsafe product.b.pack(
      precision: product.precision, depth: product.depth, steps: steps, columns: columns, into: room)
    return unsafe UnsafePointer(room)
  }

  private var hasManyTiles: Bool { tiles.count > Self.fewTiles }

  /// Whether this part of C does not stay in the second-level cache from block to block of the depth.
  private var isLarge: Bool {
    hasManyTiles && tiles.count * maximumTileRows * panels.count * panelWidth > Product.packedLimit
  }

  /// Computes some tiles. With many rows of them, each runs through all panels, as its part of A is then read from afar
  /// once; with few, each panel is used by all tiles while it is in the first-level cache.
  private func computeTiles(_ tiles: Range<Int>, steps: Range<Int>, b: UnsafePointer<Float>, places: Places) {
    func row(_ tile: Int) -> TileRow {
      unsafe TileRow(tile, of: product, steps: steps, packed: places.a, from: tiles.lowerBound)
    }
    if hasManyTiles {
      for tile in tiles {
        let present = row(tile)
        let next = product.isADirect && tile + 1 < tiles.upperBound ? row(tile + 1) : nil
        for panel in panels {
          let ahead = next?.ahead(part: panel - panels.lowerBound, of: panels.count)
          unsafe computeTile(present, panel: panel, steps: steps, b: b, ahead: ahead, places: places)
        }
      }
    } else {
      var rows = InlineArray<4, TileRow>(repeating: row(tiles.lowerBound))
      for index in 1..<max(1, tiles.count) { rows[index] = row(tiles.lowerBound + index) }
      for panel in panels {
        for index in 0..<tiles.count {
          unsafe computeTile(rows[index], panel: panel, steps: steps, b: b, places: places)
        }
      }
    }
  }

  private func computeTile(
    _ row: TileRow, panel: Int, steps: Range<Int>, b: UnsafePointer<Float>, ahead: TileAhead? = nil, places: Places
  ) {
    let rows = row.rows
    let firstColumn = panel * panelWidth
    let width = min(panelWidth, product.columns - firstColumn)
    let target = unsafe product.c + rows.lowerBound * product.cRowStride + firstColumn
    var initial = unsafe UnsafePointer(target)
    var initialRowStride = product.cRowStride
    if steps.lowerBound == 0 {
      switch unsafe product.beginning {
      case .target: break
      case .zero:
        unsafe initial = unsafe UnsafePointer(places.zeros)
        initialRowStride = 0
      case .bias(let bias):
        unsafe initial = unsafe bias + firstColumn
        initialRowStride = 0
      case .matrix(let start, let rowStride):
        unsafe initial = unsafe start + rows.lowerBound * rowStride + firstColumn
        initialRowStride = rowStride
      }
    }
    let tile = unsafe Tile(
      precision: product.precision, rows: rows.count, depth: steps.count, a: row.a, aRowStride: row.aRowStride,
      aDepthStride: row.aDepthStride, b: b + (panel - panels.lowerBound) * panelWidth * steps.count,
      bDepthStride: panelWidth, initial: initial, initialRowStride: initialRowStride, c: target,
      cRowStride: product.cRowStride, ahead: ahead,
      next: isLarge && initial == UnsafePointer(target) && panel + 1 < panels.upperBound
        ? target + panelWidth : nil)
    unsafe tile.compute(width: width, edge: places.edge)
  }
}
