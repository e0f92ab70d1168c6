/// A matrix product `C = A · B`, cut into tasks by rows and columns of C.
///
/// A task goes through the depth in blocks. For each it packs its columns of B, unless they are packed already, into
/// panels that stay in the second-level cache, and its rows of A where they are stored transposed or must be rounded;
/// then it computes C tile by tile.
@safe
struct Product {
  /// What stands on the right.
  @unsafe
  enum RightSide {
    /// `[depth, columns]`, row-major.
    case rowMajor(UnsafePointer<Float>, stride: Int)
    /// `[columns, depth]`, row-major.
    case transposed(UnsafePointer<Float>, stride: Int)
    /// As `PackedMatrix` holds it.
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
  /// A's first number, and the distances to its next row and depth.
  let a: UnsafePointer<Float>
  let aRowStride: Int
  let aDepthStride: Int
  let b: RightSide
  let beginning: Beginning
  let c: UnsafeMutablePointer<Float>
  let cRowStride: Int

  /// The most steps along the depth that a task takes at a time: a panel of B this deep takes 40 KiB.
  static let stepLimit = 320
  /// The same where A is read transposed: its panels of B come from the second-level cache anyway, and C is written once
  /// instead of read and written again for every block.
  static let transposedStepLimit = 1024

  /// How many numbers of B a task packs at a time: 640 KiB, what a second-level cache of a megabyte holds beside the rest.
  static let packedLimit = 160 * 1024

  /// How a product's depth is cut into blocks, counted in steps: numbers, or pairs of them.
  static func stepSplit(depth: Int, precision: ProductPrecision) -> EvenSplit {
    EvenSplit(0..<precision.stepCount(depth: depth), limit: stepLimit)
  }

  var stepSplit: EvenSplit {
    switch (isADirect, isATransposed) {
    case (true, true): EvenSplit(0..<depth, limit: Self.transposedStepLimit)
    case (true, false) where !isBPacked: EvenSplit(0..<depth, limit: narrowStepLimit)
    default: Self.stepSplit(depth: depth, precision: precision)
    }
  }

  /// With few columns there is room for deeper panels, so that C is read and written again for fewer blocks: up to twice as
  /// deep.
  private var narrowStepLimit: Int {
    let paddedColumns = EvenSplit(0..<columns, limit: panelWidth).count * panelWidth
    return min(2 * Self.stepLimit, max(Self.stepLimit, Self.packedLimit / paddedColumns))
  }

  /// Computes the product on a team.
  func run(on team: ThreadTeam) {
    guard rows > 0, columns > 0 else { return }
    let tasks = ProductTasks(self, threadCount: team.threadCount)
    team.run(tasks, count: tasks.count, grain: 1)
  }

  /// A's rows are stored as columns.
  var isATransposed: Bool { aDepthStride != 1 }

  /// Whether the tiles read A where it lies: not where it must be rounded, nor down columns whose numbers lie a kilobyte's
  /// multiple apart, as these meet in few sets of the caches.
  var isADirect: Bool { precision == .single && (!isATransposed || aDepthStride % 256 != 0) }

  var isBPacked: Bool {
    if case .packed = unsafe b { true } else { false }
  }
}
