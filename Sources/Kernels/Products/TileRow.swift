/// A row of tiles: the rows of C that they have, and where A's numbers for these lie at some steps.
@safe
struct TileRow {
  let rows: Range<Int>
  /// A's place at the first row and step, and the distances to the next ones.
  let a: UnsafePointer<Float>
  let aRowStride: Int
  let aDepthStride: Int
  private let depth: Int

  /// - Parameters:
  ///   - packed: Where the tiles from tile `first` on have been packed, if A is not read where it lies.
  init(
    _ index: Int, of product: Product, steps: Range<Int>, packed: UnsafePointer<Float>, from first: Int
  ) {
    rows = product.tileSplit.range(of: index)
    depth = steps.count
    switch unsafe product.a {
    case .numbers where !product.isADirect:
      unsafe a = packed + tileOffset(of: index, from: first, in: product.tileSplit, depth: depth)
      (aRowStride, aDepthStride) = (1, rows.count)
    case .numbers(let start, let rowStride, let depthStride):
      unsafe a = start + rows.lowerBound * rowStride + steps.lowerBound * depthStride
      (aRowStride, aDepthStride) = (rowStride, depthStride)
    case .pairs(let start, let rowStride):
      unsafe a = start + rows.lowerBound * rowStride + steps.lowerBound
      (aRowStride, aDepthStride) = (rowStride, 1)
    }
  }

  /// A part of these rows of A, to be asked for with one of the panels of the row of tiles before.
  func ahead(part: Int, of partCount: Int) -> TileAhead {
    if aDepthStride == 1 {
      return unsafe TileAhead(rows: rows.count, from: a, rowStride: aRowStride, part: part, of: partCount)
    }
    return unsafe TileAhead(
      depth: depth, fromLast: a + (rows.count - 1), depthStride: aDepthStride, part: part, of: partCount)
  }
}
