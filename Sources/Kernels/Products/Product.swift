/// A matrix product `C = A · B`, cut into tasks by rows and columns of C.
///
/// A task goes through the depth in blocks. For each it packs its columns of B, unless they are packed already, into
/// panels that stay in the second-level cache, and its rows of A where they are stored transposed; then it computes
/// C tile by tile.
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
  }

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

  /// The most that a task goes through at a time: a panel of B this deep takes 40 KiB.
  static let depthLimit = 320

  /// How a product's depth is cut into blocks.
  static func depthSplit(_ depth: Int) -> EvenSplit { EvenSplit(0..<depth, limit: depthLimit) }

  /// Computes the product on a team.
  func run(on team: ThreadTeam) {
    guard rows > 0, columns > 0 else { return }
    let tasks = ProductTasks(self, threadCount: team.threadCount)
    team.run(tasks, count: tasks.count, grain: 1)
  }

  /// A's rows are stored as columns.
  var isATransposed: Bool { aDepthStride != 1 }

  var isBPacked: Bool {
    if case .packed = unsafe b { true } else { false }
  }
}
