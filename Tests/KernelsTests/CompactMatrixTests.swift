import Testing

@testable import Kernels

@Suite("Compact matrices")
struct CompactMatrixTests {
  /// The two kinds behind one face.
  enum Kind: CaseIterable {
    case half, bytes

    func product(_ w: Matrix, _ x: Matrix, bias: Vector, threadCount: Int = 1) -> Matrix {
      let team = ThreadTeam(threadCount: threadCount)
      let y = Matrix(rows: x.rows, columns: w.rows)
      switch self {
      case .half:
        let compact = HalfMatrix(rows: w.rows, columns: w.columns)
        compact.pack(w, team: team)
        multiply(compact, x, bias: bias, into: y, team: team)
      case .bytes:
        let compact = ByteMatrix(rowCapacity: w.rows + 20, columns: w.columns)
        // What was there before leaves no trace.
        compact.pack(randomMatrix(w.rows + 20, w.columns, seed: 99), team: team)
        compact.pack(w, team: team)
        multiply(compact, x, bias: bias, into: y, team: team)
      }
      return y
    }
  }

  static let shapes = [
    (0, 5), (5, 0), (1, 1), (5, 3), (16, 4), (17, 64), (33, 65), (64, 200), (96, 12), (100, 33), (250, 40), (257, 131),
  ]

  @Test(
    "products differ from the plain ones by no more than the rounding of the weights", arguments: shapes, Kind.allCases)
  func closeToReference(shape: (rows: Int, columns: Int), kind: Kind) {
    let w = randomMatrix(shape.rows, shape.columns, seed: 1, gap: 2)
    // Rows of very different magnitudes.
    for row in 0..<shape.rows {
      scale(w.row(row), by: Float(sign: .plus, exponent: (row * 37) % 90 - 60, significand: 1))
    }
    let x = randomMatrix(6, shape.columns, seed: 2, gap: 1)
    let bias = randomVector(shape.rows, seed: 3)
    let found = kind.product(w, x, bias: bias)
    for vector in 0..<6 {
      let expected = FloatBuffer(count: shape.rows).all
      Reference.multiply(w, x.row(vector), bias: bias, into: expected)
      let magnitudes = (0..<shape.columns).map { abs(x[vector, $0]) }
      let isClose = (0..<shape.rows).allSatisfy { row in
        let greatest = w.row(row).array.reduce(0) { max($0, abs($1)) }
        // Half: half a step of the last of 11 significant bits. Bytes: half of 1/127, and x to half of 1/32767.
        let ofWeights: Float = kind == .half ? 0x1p-11 : 0.5 / 127
        let ofVector: Float = kind == .half ? 0 : (magnitudes.max() ?? 0) * Float(shape.columns) / 65_534
        let rounding = (greatest * magnitudes.reduce(0, +) + abs(bias[row])) * 1e-5
        let bound = greatest * (magnitudes.reduce(0, +) * ofWeights + ofVector) + rounding
        return abs(found[vector, row] - expected[row]) <= bound
      }
      #expect(isClose)
    }
  }

  @Test("whole numbers of seven bits are held exactly", arguments: Kind.allCases)
  func exactNumbers(kind: Kind) {
    let w = Matrix(rows: 20, columns: 37)
    for row in 0..<20 {
      for column in 0..<37 { w[row, column] = Float((row * 31 + column * 17) % 255 - 127) }
      w[row, row] = 127
    }
    let x = FloatBuffer((0..<37).map { Float($0 == 0 ? 32_767 : $0 * 2663 % 65_535 - 32_767) }).all
    let bias = FloatBuffer(count: 20).all
    let expected = FloatBuffer(count: 20).all
    Reference.multiply(w, x, into: expected)
    let found = kind.product(w, x.asMatrix(rows: 1, columns: 37), bias: bias)
    // Only the sums, of up to 127 · 32,767 · 37, are rounded.
    #expect(distance(numbers(found), expected.array) < 127 * 32_767 * 37 * 1e-6)
  }

  @Test("a result's bits depend on neither the other vectors nor the threads", arguments: Kind.allCases)
  func bitsAreFixed(kind: Kind) {
    let w = randomMatrix(3_011, 90, seed: 1)
    let x = randomMatrix(6, 90, seed: 2, gap: 1)
    let bias = randomVector(3_011, seed: 3)
    let together = kind.product(w, x, bias: bias, threadCount: 3)
    for row in 0..<6 {
      let alone = kind.product(w, x.rows(row..<row + 1), bias: bias)
      #expect(alone.row(0).array == together.row(row).array)
    }
  }

  @Test("what is not finite gives NaN in its row, and leaves the others", arguments: Kind.allCases)
  func notFinite(kind: Kind) {
    let w = randomMatrix(20, 10, seed: 1)
    w[3, 9] = .nan
    w[5, 0] = .infinity
    let x = randomMatrix(1, 10, seed: 2)
    let y = kind.product(w, x, bias: FloatBuffer(count: 20).all)
    for row in 0..<20 { #expect(y[0, row].isNaN == (row == 3 || row == 5)) }
    x[0, 0] = .nan
    let all = kind.product(randomMatrix(20, 10, seed: 1), x, bias: FloatBuffer(count: 20).all)
    #expect(numbers(all).allSatisfy { $0.isNaN })
  }

  @Test("rows and vectors of zeros multiply to the bias", arguments: Kind.allCases)
  func zeros(kind: Kind) {
    let bias = randomVector(4, seed: 5)
    let zeroRows = kind.product(Matrix(rows: 4, columns: 6), randomMatrix(1, 6, seed: 1), bias: bias)
    #expect(numbers(zeroRows) == bias.array)
    let zeroVector = kind.product(randomMatrix(4, 6, seed: 1), Matrix(rows: 1, columns: 6), bias: bias)
    #expect(numbers(zeroVector) == bias.array)
  }

  @Test("a product in half precision is added to what is there when asked")
  func accumulates() {
    let w = HalfMatrix(rows: 50, columns: 7)
    w.pack(randomMatrix(50, 7, seed: 1), team: ThreadTeam())
    let x = randomMatrix(2, 7, seed: 2)
    let (plain, added) = (Matrix(rows: 2, columns: 50), Matrix(rows: 2, columns: 50))
    multiply(w, x, into: plain, team: ThreadTeam())
    added.fill(with: 10)
    multiply(w, x, accumulate: true, into: added, team: ThreadTeam())
    for (found, expected) in zip(numbers(added), numbers(plain)) { #expect(abs(found - 10 - expected) < 1e-5) }
  }

  @Test("the tolerance of a product of bytes bounds every error", arguments: [1, 5, 64, 200])
  func tolerance(columns: Int) {
    let w = randomMatrix(300, columns, seed: 7)
    let compact = ByteMatrix(rowCapacity: 300, columns: columns)
    compact.pack(w, team: ThreadTeam())
    for seed in 0..<20 as Range<UInt64> {
      let x = randomVector(columns, seed: seed, within: seed % 2 == 0 ? 1 : 1e-20)
      let (found, expected) = (Matrix(rows: 1, columns: 300), FloatBuffer(count: 300).all)
      multiply(
        compact, x.asMatrix(rows: 1, columns: columns), bias: FloatBuffer(count: 300).all, into: found,
        team: ThreadTeam())
      Reference.multiply(w, x, into: expected)
      let (error, tolerance) = (distance(found.row(0).array, expected.array), compact.tolerance(of: x))
      #expect(error <= tolerance)
      // And it is no empty promise: within some times of what occurs. (A row of one number is held exactly.)
      #expect(columns == 1 || error > tolerance / 100)
    }
  }

  @Test("a compact matrix takes half or a quarter of the memory")
  func size() {
    #expect(HalfMatrix(rows: 1600, columns: 256).byteCount == 1600 * 256 * 2 + 1600 * 4)
    #expect(ByteMatrix(rowCapacity: 1600, columns: 256).byteCount == 1600 * 256 + 1600 * 8)
  }
}
