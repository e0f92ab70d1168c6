/// A matrix `[rows, columns]` in the order in which the product's innermost loop reads it, to stand on the right in
/// many products.
///
/// A recurrent layer packs its weights once a window and multiplies by them at every time step.
///
/// The order: blocks of rows as `Product.stepSplit` cuts them, in each the panels of 32 columns, in each row after row (in
/// bfloat16 pair of rows after pair of rows); the last panel is filled up with zeros.
package final class PackedMatrix {
  /// The depth of the product: op(B)'s rows.
  package let rows: Int
  /// The product's columns: op(B)'s columns.
  package let columns: Int
  /// What it is held in, and products with it are made in.
  package let precision: ProductPrecision

  let storage: FloatBuffer

  /// Whether a matrix stays in a core's second-level cache, so that threads may each read all of it again and again.
  package static func isSmall(rows: Int, columns: Int, precision: ProductPrecision) -> Bool {
    let (count, overflow) = precision.stepCount(depth: rows).multipliedReportingOverflow(by: columns)
    return !overflow && count <= 176 * 1024
  }

  /// Makes room for a matrix of this shape, filled with zeros.
  ///
  /// - Precondition: the sizes are not negative, and their product is representable.
  package init(rows: Int, columns: Int, precision: ProductPrecision = .single) {
    precondition(rows >= 0 && columns >= 0 && columns <= Int.max - panelWidth, "PackedMatrix: bad shape")
    self.rows = rows
    self.columns = columns
    self.precision = precision
    let paddedColumns = EvenSplit(0..<columns, limit: panelWidth).count * panelWidth
    let (count, overflow) = precision.stepCount(depth: rows).multipliedReportingOverflow(by: paddedColumns)
    precondition(!overflow, "PackedMatrix: bad shape")
    storage = FloatBuffer(count: count)
  }

  /// Packs `source`, or its transpose, replacing what was here.
  ///
  /// - Precondition: `source`, transposed if so asked, is `[rows, columns]`.
  package func pack(_ source: Matrix, transpose: Bool = false, team: ThreadTeam) {
    precondition(
      (transpose ? source.columns : source.rows) == rows && (transpose ? source.rows : source.columns) == columns,
      "PackedMatrix.pack: shapes differ")
    let side: Product.RightSide =
      unsafe transpose
      ? .transposed(source.start, stride: source.rowStride) : .rowMajor(source.start, stride: source.rowStride)
    unsafe side.pack(
      precision: precision, depth: rows, columns: columns, split: Product.stepSplit(depth: rows, precision: precision),
      into: storage.base, team: team)
    withExtendedLifetime(source) {}
  }
}

extension Product.RightSide {
  /// Packs all of it, cut by panels, into the order that `PackedMatrix` describes.
  ///
  /// - Parameter split: How its depth is cut into blocks.
  func pack(
    precision: ProductPrecision, depth: Int, columns: Int, split: EvenSplit, into target: UnsafeMutablePointer<Float>,
    team: ThreadTeam
  ) {
    let work = unsafe PackingWork(
      precision: precision, source: self, depth: depth, columns: columns, split: split, target: target)
    team.run(
      work, count: EvenSplit(0..<columns, limit: panelWidth).count, grain: max(1, 32_768 / (panelWidth * max(1, depth)))
    )
  }

  /// Packs some columns at some steps into panels that follow each other; nothing if it is packed already.
  func pack(
    precision: ProductPrecision, depth: Int, steps: Range<Int>, columns: Range<Int>,
    into target: UnsafeMutablePointer<Float>
  ) {
    switch unsafe (self, precision) {
    case (.rowMajor(let source, let stride), .single):
      unsafe packRowMajor(source, stride: stride, depths: steps, columns: columns, into: target)
    case (.rowMajor(let source, let stride), .bfloat16):
      unsafe packRowMajorPairs(source, stride: stride, depth: depth, steps: steps, columns: columns, into: target)
    case (.transposed(let source, let stride), .single):
      unsafe packTransposed(source, stride: stride, depths: steps, columns: columns, into: target)
    case (.transposed(let source, let stride), .bfloat16):
      unsafe packTransposedPairs(source, stride: stride, depth: depth, steps: steps, columns: columns, into: target)
    case (.packed, _): break
    }
  }
}

/// Packing, cut by panels.
@safe
private struct PackingWork: TeamWork {
  let precision: ProductPrecision
  let source: Product.RightSide
  let depth: Int
  let columns: Int
  let split: EvenSplit
  let target: UnsafeMutablePointer<Float>

  init(
    precision: ProductPrecision, source: Product.RightSide, depth: Int, columns: Int, split: EvenSplit,
    target: UnsafeMutablePointer<Float>
  ) {
    self.precision = precision
    unsafe self.source = unsafe source
    self.depth = depth
    self.columns = columns
    self.split = split
    unsafe self.target = unsafe target
  }

  func run(_ panels: Range<Int>, scratch: Scratch) {
    let range = panels.lowerBound * panelWidth..<min(panels.upperBound * panelWidth, columns)
    let paddedColumns = EvenSplit(0..<columns, limit: panelWidth).count * panelWidth
    for block in 0..<split.count {
      let steps = split.range(of: block)
      unsafe source.pack(
        precision: precision, depth: depth, steps: steps, columns: range,
        into: target + steps.lowerBound * paddedColumns + panels.lowerBound * panelWidth * steps.count)
    }
  }
}
