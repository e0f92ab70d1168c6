/// How a product is cut into tasks: a grid of rows and of panels of 32 columns.
struct ProductTasks: TeamWork {
  let product: Product
  let rowSplit: EvenSplit
  let panelSplit: EvenSplit

  var count: Int { rowSplit.count * panelSplit.count }

  /// The least work worth a task, in steps of the innermost loop (16 multiply-adds each): about three microseconds.
  private static let stepsPerTask = 30_000
  /// How many rows must share a packed B to pay for the packing.
  private static let rowsPerPacking = 256

  init(_ product: Product, threadCount: Int) {
    self.product = product
    let panels = EvenSplit(0..<product.columns, limit: panelWidth).count
    let stepLimit = max(1, product.stepSplit.largest)
    let panelLimit = max(1, Product.packedLimit / (stepLimit * panelWidth))
    let leastPanelTasks = (panels + panelLimit - 1) / panelLimit
    let steps = product.rows * panels * 2 * product.precision.stepCount(depth: product.depth)
    // A multiple of the threads, so that equal tasks end together; a few for each, so that a thread that is held up
    // leaves its share to the others.
    let wanted =
      threadCount == 1 || steps < 2 * Self.stepsPerTask
      ? 1 : threadCount * max(1, min(4, steps / (threadCount * Self.stepsPerTask)))
    if panels >= 2 * wanted || product.rows <= maximumTileRows {
      rowSplit = EvenSplit(0..<product.rows, count: 1)
      let rounds = (max(leastPanelTasks, wanted) + wanted - 1) / wanted
      panelSplit = EvenSplit(0..<panels, count: min(panels, rounds * wanted))
    } else {
      panelSplit = EvenSplit(0..<panels, count: leastPanelTasks)
      // Each task packs its columns of B for itself, so it wants rows enough; and tasks, as many for each thread.
      let useful =
        product.isBPacked ? wanted : threadCount * max(1, product.rows / (Self.rowsPerPacking * threadCount))
      rowSplit = EvenSplit(
        0..<product.rows, count: max(1, min(wanted, useful, product.rows / maximumTileRows)))
    }
  }

  func run(_ items: Range<Int>, scratch: Scratch) {
    for item in items {
      ProductBlock(
        product: product, rows: rowSplit.range(of: item % rowSplit.count),
        panels: panelSplit.range(of: item / rowSplit.count)
      ).compute(scratch: scratch)
    }
  }
}
