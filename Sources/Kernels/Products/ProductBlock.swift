/// One task's part of a product: some rows and some panels of 32 columns of C.
@safe
struct ProductBlock {
  let product: Product
  let rows: Range<Int>
  let panels: Range<Int>

  /// How many rows of A are packed at a time: no more than 32 tiles.
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

    init(_ block: ProductBlock, stepLimit: Int, scratch: Scratch) {
      let aCount =
        block.product.isADirect ? 0 : ProductBlock.packedRowLimit * (stepLimit + laneCount) + laneCount
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
      let groups = product.isADirect ? EvenSplit(rows, count: 1) : EvenSplit(rows, limit: Self.packedRowLimit)
      for group in 0..<groups.count {
        let tiles = EvenSplit(groups.range(of: group), limit: maximumTileRows)
        unsafe packLeftSide(tiles, steps: steps, room: places.a)
        unsafe computeTiles(tiles, steps: steps, b: b, places: places)
      }
    }
  }

  /// Packs some rows of A, unless they are read where they lie.
  private func packLeftSide(_ tiles: EvenSplit, steps: Range<Int>, room: UnsafeMutablePointer<Float>) {
    guard !product.isADirect else { return }
    switch (product.precision, product.isATransposed) {
    case (.single, false): break
    case (.single, true):
      unsafe packTiles(
        product.a, stride: product.aDepthStride, rowLength: product.rows, depths: steps, tiles: tiles, into: room)
    case (.bfloat16, false):
      unsafe packRowPairs(
        product.a, stride: product.aRowStride, depth: product.depth, steps: steps, rows: tiles.whole, into: room)
    case (.bfloat16, true):
      unsafe packTilePairs(
        product.a, stride: product.aDepthStride, rowLength: product.rows, depth: product.depth, steps: steps,
        tiles: tiles, into: room)
    }
  }

  /// This block's panels of B at some steps: where they lie packed, or newly packed.
  private func packedRightSide(steps: Range<Int>, room: UnsafeMutablePointer<Float>) -> UnsafePointer<Float> {
    switch unsafe product.b {
    case .packed(let packed):
      let paddedColumns = (product.columns + panelWidth - 1) / panelWidth * panelWidth
      return unsafe packed + steps.lowerBound * paddedColumns + panels.lowerBound * panelWidth * steps.count
    case .rowMajor(let source, let stride):
      switch product.precision {
      case .single: unsafe packRowMajor(source, stride: stride, depths: steps, columns: columns, into: room)
      case .bfloat16:
        unsafe packRowMajorPairs(
          source, stride: stride, depth: product.depth, steps: steps, columns: columns, into: room)
      }
    case .transposed(let source, let stride):
      switch product.precision {
      case .single: unsafe packTransposed(source, stride: stride, depths: steps, columns: columns, into: room)
      case .bfloat16:
        unsafe packTransposedPairs(
          source, stride: stride, depth: product.depth, steps: steps, columns: columns, into: room)
      }
    }
    return unsafe UnsafePointer(room)
  }

  /// Computes some rows of tiles. With many, each row of tiles runs through all panels, as its part of A is then read
  /// from afar once; with few, each panel is used by all tiles while it is in the first-level cache.
  private func computeTiles(_ tiles: EvenSplit, steps: Range<Int>, b: UnsafePointer<Float>, places: Places) {
    if tiles.count > 4 {
      for tile in 0..<tiles.count {
        for panel in panels {
          let ahead =
            product.isADirect && tile + 1 < tiles.count
            ? ahead(tiles.range(of: tile + 1), steps: steps, part: panel - panels.lowerBound) : nil
          unsafe computeTile(tile, of: tiles, panel: panel, steps: steps, b: b, ahead: ahead, places: places)
        }
      }
    } else {
      for panel in panels {
        for tile in 0..<tiles.count {
          unsafe computeTile(tile, of: tiles, panel: panel, steps: steps, b: b, places: places)
        }
      }
    }
  }

  /// A part of the next tile's rows of A, to be asked for with one of the present tile's panels.
  private func ahead(_ rows: Range<Int>, steps: Range<Int>, part: Int) -> TileAhead {
    let start = unsafe product.a + steps.lowerBound * product.aDepthStride
    if product.isATransposed {
      return unsafe TileAhead(
        depth: steps.count, fromLast: start + (rows.upperBound - 1), depthStride: product.aDepthStride, part: part,
        of: panels.count)
    }
    return unsafe TileAhead(
      rows: rows.count, from: start + rows.lowerBound * product.aRowStride, rowStride: product.aRowStride, part: part,
      of: panels.count)
  }

  private func computeTile(
    _ index: Int, of tiles: EvenSplit, panel: Int, steps: Range<Int>, b: UnsafePointer<Float>, ahead: TileAhead? = nil,
    places: Places
  ) {
    let rows = tiles.range(of: index)
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
    let a: UnsafePointer<Float>
    var (aRowStride, aDepthStride) = (product.aRowStride, product.aDepthStride)
    if product.isADirect {
      unsafe a = unsafe product.a + rows.lowerBound * aRowStride + steps.lowerBound * aDepthStride
    } else if product.isATransposed {
      unsafe a = unsafe UnsafePointer(places.a) + tileOffset(of: index, in: tiles, depth: steps.count)
      (aRowStride, aDepthStride) = (1, rows.count)
    } else {
      unsafe a = unsafe UnsafePointer(places.a) + (rows.lowerBound - tiles.whole.lowerBound) * steps.count
      (aRowStride, aDepthStride) = (steps.count, 1)
    }
    let tile = unsafe Tile(
      precision: product.precision, rows: rows.count, depth: steps.count, a: a, aRowStride: aRowStride,
      aDepthStride: aDepthStride, b: b + (panel - panels.lowerBound) * panelWidth * steps.count,
      bDepthStride: panelWidth, initial: initial, initialRowStride: initialRowStride, c: target,
      cRowStride: product.cRowStride, ahead: ahead)
    unsafe tile.compute(width: width, edge: places.edge)
  }
}
