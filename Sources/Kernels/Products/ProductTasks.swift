import Synchronization

/// How a product is cut into tasks: a grid of rows of tiles and of panels of 32 columns.
struct ProductCut {
  let tileSplit: EvenSplit
  let panelSplit: EvenSplit

  var count: Int { tileSplit.count * panelSplit.count }

  /// The least work worth a task, in steps of the innermost loop (16 multiply-adds each): about three microseconds.
  private static let stepsPerTask = 30_000
  /// How many rows must share a packed B to pay for the packing.
  private static let rowsPerPacking = 256

  init(_ product: Product, threadCount: Int) {
    let (tiles, panels) = (product.tileSplit.count, product.panelCount)
    let stepLimit = max(1, product.stepSplit.largest)
    let panelLimit = max(1, Product.packedLimit / (stepLimit * panelWidth))
    let leastPanelTasks = (panels + panelLimit - 1) / panelLimit
    let steps = product.rows * panels * 2 * product.precision.stepCount(depth: product.depth)
    // A multiple of the threads, so that equal tasks end together; a few for each, so that a thread that is held up
    // leaves its share to the others.
    let wanted =
      threadCount == 1 || steps < 2 * Self.stepsPerTask
      ? 1 : threadCount * max(1, min(4, steps / (threadCount * Self.stepsPerTask)))
    // Each row of tasks reads all of B, each column all of A: the larger one is to be read less often. Few rows of tiles
    // can't be shared out evenly.
    if tiles <= min(panels, ProductBlock.fewTiles) || (panels >= 2 * wanted && 2 * product.columns >= product.rows) {
      tileSplit = EvenSplit(0..<tiles, count: 1)
      let rounds = (max(leastPanelTasks, wanted) + wanted - 1) / wanted
      panelSplit = EvenSplit(0..<panels, count: min(panels, rounds * wanted))
    } else {
      panelSplit = EvenSplit(0..<panels, count: leastPanelTasks)
      // Tasks that pack their columns of B for themselves want rows enough; and tasks, as many for each thread.
      let isPacked = product.isBPacked || product.isBSmall
      let useful = isPacked ? wanted : threadCount * max(1, product.rows / (Self.rowsPerPacking * threadCount))
      tileSplit = EvenSplit(0..<tiles, count: max(1, min(wanted, useful, tiles)))
    }
  }
}

/// The tasks of a product.
struct ProductTasks: TeamWork {
  private let product: Product
  private let cut: ProductCut
  /// By which threads know what they have laid out for this product.
  private let number: Int

  private static let lastNumber = Atomic<Int>(0)

  init(_ product: Product, _ cut: ProductCut) {
    self.product = product
    self.cut = cut
    number = Self.lastNumber.add(1, ordering: .relaxed).newValue
  }

  func run(_ items: Range<Int>, scratch: Scratch) {
    let product = product.roundingLeftSide(in: scratch, number: number)
    for item in items {
      ProductBlock(
        product: product, tiles: cut.tileSplit.range(of: item % cut.tileSplit.count),
        panels: cut.panelSplit.range(of: item / cut.tileSplit.count)
      ).compute(scratch: scratch)
    }
  }
}
