import Kernels

/// A matrix product that training makes: C of `rows` x `columns` as a sum over `depth`.
struct ProductShape {
  let rows: Int
  let columns: Int
  let depth: Int
  let form: Form
  /// What training needs it for.
  let use: String

  /// How the operands lie, or that the weights are packed once and used again, as in the recurrent step.
  enum Form { case plain, transposedA, transposedB, packed }

  var name: String { "\(rows)x\(columns)x\(depth)" }
  var title: String { "\(name) \(use)" }
  var operationCount: Double { 2 * Double(rows) * Double(columns) * Double(depth) }

  /// The part of the multiply-add peak that it must reach: less where there is little to do.
  var leastRatio: Double { form == .packed ? 0.6 : 0.85 }

  static let all = [
    ProductShape(rows: 20, columns: 800, depth: 200, form: .packed, use: "step"),
    ProductShape(rows: 20, columns: 2600, depth: 650, form: .packed, use: "step"),
    ProductShape(rows: 700, columns: 10_000, depth: 200, form: .transposedB, use: "output"),
    ProductShape(rows: 700, columns: 200, depth: 10_000, form: .plain, use: "to states"),
    ProductShape(rows: 10_000, columns: 200, depth: 700, form: .transposedA, use: "to weights"),
    ProductShape(rows: 700, columns: 10_000, depth: 650, form: .transposedB, use: "output"),
    ProductShape(rows: 700, columns: 650, depth: 10_000, form: .plain, use: "to states"),
    ProductShape(rows: 10_000, columns: 650, depth: 700, form: .transposedA, use: "to weights"),
  ]
}

/// A product with operands to run it on.
struct ProductRun {
  private let shape: ProductShape
  private let precision: ProductPrecision
  private let a: Matrix
  private let b: Matrix
  private let packed: PackedMatrix?
  private let c: Matrix
  private let team: ThreadTeam

  init(_ shape: ProductShape, precision: ProductPrecision, team: ThreadTeam) {
    self.shape = shape
    self.precision = precision
    self.team = team
    a = Self.filled(shape.form == .transposedA ? (shape.depth, shape.rows) : (shape.rows, shape.depth), seed: 1)
    b = Self.filled(shape.form == .transposedB ? (shape.columns, shape.depth) : (shape.depth, shape.columns), seed: 2)
    c = Matrix(rows: shape.rows, columns: shape.columns)
    if shape.form == .packed {
      let packed = PackedMatrix(rows: shape.depth, columns: shape.columns, precision: precision)
      packed.pack(b, team: team)
      self.packed = packed
    } else {
      packed = nil
    }
  }

  /// In GFLOP/s, a multiplication and an addition counted as two.
  func rate(seconds: Double) -> Double {
    Stopwatch.rate(seconds: seconds, multiplyOnce) * shape.operationCount / 1e9
  }

  private func multiplyOnce() {
    if let packed {
      multiply(a, packed, into: c, team: team)
    } else {
      multiply(
        a, b, transposeA: shape.form == .transposedA, transposeB: shape.form == .transposedB, precision: precision,
        into: c, team: team)
    }
  }

  private static func filled(_ size: (rows: Int, columns: Int), seed: UInt64) -> Matrix {
    let matrix = Matrix(rows: size.rows, columns: size.columns)
    var numbers = SplitMix64(seed: seed)
    matrix.all.copy(from: (0..<size.rows * size.columns).map { _ in Float.random(in: -1...1, using: &numbers) })
    return matrix
  }
}
