/// A matrix product `C = A · B`, cut into tasks by rows and columns of C.
///
/// What several tasks would have to lay out anew for their tiles is laid out beforehand, once for all. A task goes through
/// the depth in blocks: for each it packs its columns of B, unless they are packed already, into panels that stay in the
/// second-level cache, and rows of a transposed A; then it computes C tile by tile.
@safe
struct Product {
  /// What stands on the left.
  @unsafe
  enum LeftSide {
    /// Number by number: where the first is, and the distances to the next row and depth, one of which is 1.
    case numbers(UnsafePointer<Float>, rowStride: Int, depthStride: Int)
    /// Rounded to pairs along the depth, row by row.
    case pairs(UnsafePointer<Float>, rowStride: Int)
  }

  /// What stands on the right.
  @unsafe
  enum RightSide {
    /// `[depth, columns]`, row-major.
    case rowMajor(UnsafePointer<Float>, stride: Int)
    /// `[columns, depth]`, row-major.
    case transposed(UnsafePointer<Float>, stride: Int)
    /// As `PackedMatrix` holds it, or cut along the depth as `stepSplit` says.
    case packed(UnsafePointer<Float>)
  }

  /// What the sums begin with.
  @unsafe
  enum Beginning {
    case zero
    case bias(UnsafePointer<Float>)
    case target
    case matrix(UnsafePointer<Float>, rowStride: Int)
  }

  let precision: ProductPrecision
  let rows: Int
  let columns: Int
  let depth: Int
  private(set) var a: LeftSide
  private(set) var b: RightSide
  let beginning: Beginning
  let c: UnsafeMutablePointer<Float>
  let cRowStride: Int
  /// How the depth is cut into blocks, counted in steps: numbers, or pairs of them.
  let stepSplit: EvenSplit

  /// The most steps along the depth that a task takes at a time: a panel of B this deep takes 40 KiB.
  static let stepLimit = 320
  /// The same where a transposed A is read as it lies: its panels of B come from the second-level cache anyway, and C is
  /// written once instead of read and written again for every block.
  private static let transposedStepLimit = 1024

  /// How many numbers of B a task packs at a time: 640 KiB, what a second-level cache of a megabyte holds beside the rest.
  static let packedLimit = 160 * 1024

  /// The same of a B that is packed for all tasks: 4 MiB.
  private static let sharedLimit = 1 << 20

  /// How a packed right side's depth is cut into blocks.
  static func stepSplit(depth: Int, precision: ProductPrecision) -> EvenSplit {
    EvenSplit(0..<precision.stepCount(depth: depth), limit: stepLimit)
  }

  init(
    precision: ProductPrecision, rows: Int, columns: Int, depth: Int, a: LeftSide, b: RightSide, beginning: Beginning,
    c: UnsafeMutablePointer<Float>, cRowStride: Int
  ) {
    self.precision = precision
    self.rows = rows
    self.columns = columns
    self.depth = depth
    unsafe self.a = unsafe a
    unsafe self.b = unsafe b
    unsafe self.beginning = unsafe beginning
    unsafe self.c = unsafe c
    self.cRowStride = cRowStride
    stepSplit = unsafe Self.stepSplit(precision: precision, columns: columns, depth: depth, a: a, b: b)
  }

  private static func stepSplit(
    precision: ProductPrecision, columns: Int, depth: Int, a: LeftSide, b: RightSide
  ) -> EvenSplit {
    switch unsafe (a, b) {
    case (_, .packed):
      return stepSplit(depth: depth, precision: precision)
    case (.numbers(_, _, let depthStride), _) where depthStride != 1:
      let limit = unsafe isDirect(a, precision: precision) ? transposedStepLimit : stepLimit
      return EvenSplit(0..<precision.stepCount(depth: depth), limit: limit)
    default:
      // With few columns there is room for deeper panels, so that C is read and written again for fewer blocks: up to
      // twice as deep.
      let paddedColumns = EvenSplit(0..<columns, limit: panelWidth).count * panelWidth
      let limit = min(2 * stepLimit, max(stepLimit, packedLimit / max(1, paddedColumns)))
      return EvenSplit(0..<precision.stepCount(depth: depth), limit: limit)
    }
  }

  /// Computes the product on a team.
  func run(on team: ThreadTeam) {
    guard rows > 0, columns > 0 else { return }
    var product = self
    let cut = ProductCut(self, threadCount: team.threadCount)
    product.layOutOperands(packsB: cut.tileSplit.count > 1 && isBSmall, on: team)
    team.run(ProductTasks(product, cut), count: cut.count, grain: 1)
  }

  /// Rounds A's rows, unless they are few, and packs B if tasks share its columns.
  private mutating func layOutOperands(packsB isPacked: Bool, on team: ThreadTeam) {
    let isRounded = isToBeRounded && tileSplit.count > ProductBlock.fewTiles
    let aCount = isRounded ? rows * pairStride : 0
    let bCount = isPacked ? panelCount * panelWidth * precision.stepCount(depth: depth) : 0
    guard aCount + bCount > 0 else { return }
    let room = unsafe team.sharedMemory(count: aCount + bCount)
    if case .numbers(let start, let stride, _) = unsafe a, isRounded {
      let packing = unsafe RowPacking(start, stride: stride, depth: depth, into: room, targetStride: pairStride)
      team.run(packing, count: rows, grain: max(1, 32_768 / max(1, depth)))
      unsafe a = unsafe .pairs(room, rowStride: pairStride)
    }
    if isPacked {
      unsafe b.pack(
        precision: precision, depth: depth, columns: columns, split: stepSplit, into: room + aCount, team: team)
      unsafe b = unsafe .packed(room + aCount)
    }
  }

  /// The product with A's rows rounded by the thread that asks: few are sooner rounded than had from another core.
  ///
  /// - Parameter number: This product's own.
  func roundingLeftSide(in scratch: Scratch, number: Int) -> Product {
    guard isToBeRounded, case .numbers(let start, let stride, _) = unsafe a else { return self }
    let pairs = unsafe scratch.memory(count: rows * pairStride, of: number) { room in
      unsafe packRowPairs(start, stride: stride, width: depth, rows: rows, into: room, targetStride: pairStride)
    }
    var product = self
    unsafe product.a = unsafe .pairs(pairs, rowStride: pairStride)
    return product
  }

  /// Whether A's rows are not yet the pairs that the tiles read.
  private var isToBeRounded: Bool {
    if case .numbers(_, _, depthStride: 1) = unsafe a { precision == .bfloat16 } else { false }
  }

  /// The distance between two rows of pairs: an odd number of cache lines, so that a tile's rows do not meet in few sets
  /// of the caches.
  private var pairStride: Int {
    (EvenSplit(0..<precision.stepCount(depth: depth), limit: laneCount).count | 1) * laneCount
  }

  /// The panels of 32 columns.
  var panelCount: Int { EvenSplit(0..<columns, limit: panelWidth).count }

  /// How C's rows are cut into tiles.
  var tileSplit: EvenSplit { EvenSplit(0..<rows, limit: maximumTileRows) }

  /// Whether A's rows are stored as columns.
  var isATransposed: Bool {
    if case .numbers(_, _, let depthStride) = unsafe a { depthStride != 1 } else { false }
  }

  /// Whether the tiles read A where it lies.
  var isADirect: Bool { unsafe Self.isDirect(a, precision: precision) }

  /// Not where it must be rounded, nor down columns whose numbers lie a kilobyte's multiple apart, as these meet in few
  /// sets of the caches.
  private static func isDirect(_ a: LeftSide, precision: ProductPrecision) -> Bool {
    switch unsafe a {
    case .numbers(_, _, let depthStride): precision == .single && (depthStride == 1 || depthStride % 256 != 0)
    case .pairs: true
    }
  }

  /// Whether B can be packed once for all tasks and stay in the caches that they share.
  var isBSmall: Bool { !isBPacked && panelCount * panelWidth * precision.stepCount(depth: depth) <= Self.sharedLimit }

  var isBPacked: Bool {
    if case .packed = unsafe b { true } else { false }
  }
}
