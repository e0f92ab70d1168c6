import Testing

@testable import Kernels

@Suite("Compact matrices")
struct CompactMatrixTests {
  static let shapes = [(0, 5), (5, 0), (1, 1), (5, 3), (16, 4), (17, 64), (33, 65), (64, 200), (100, 33), (129, 131)]

  @Test(
    "products differ from the plain ones by no more than the rounding of the weights", arguments: shapes,
    CompactMatrix.Format.allCases)
  func closeToReference(shape: (rows: Int, columns: Int), format: CompactMatrix.Format) {
    let w = randomMatrix(shape.rows, shape.columns, seed: 1, gap: 2)
    let x = randomVector(shape.columns, seed: 2, within: 3)
    let bias = randomVector(shape.rows, seed: 3)
    let compact = CompactMatrix(w, format: format)
    for bias in [nil, bias] {
      let (found, expected) = (FloatBuffer(count: shape.rows).all, FloatBuffer(count: shape.rows).all)
      multiply(compact, x, bias: bias, into: found, team: ThreadTeam())
      Reference.multiply(w, x, bias: bias, into: expected)
      // The greatest error of a weight: half a step of the last of 8 significant bits below 1, or half of 1/127.
      let step: Float = format == .bfloat16 ? 0x1p-9 : 0.5 / 127
      for row in 0..<shape.rows {
        let bound = (0..<shape.columns).reduce(Float(1e-4)) { $0 + abs(x[$1]) * step }
        #expect(abs(found[row] - expected[row]) <= bound)
      }
    }
  }

  @Test("whole numbers are held exactly in both formats", arguments: CompactMatrix.Format.allCases)
  func exactNumbers(format: CompactMatrix.Format) {
    let w = Matrix(rows: 20, columns: 37)
    for row in 0..<20 {
      for column in 0..<37 { w[row, column] = Float((row * 31 + column * 17) % 255 - 127) }
      w[row, row] = 127
    }
    let x = FloatBuffer((0..<37).map { Float($0 == 0 ? 32_767 : $0 * 2663 % 65_535 - 32_767) }).all
    let (found, expected) = (FloatBuffer(count: 20).all, FloatBuffer(count: 20).all)
    multiply(CompactMatrix(w, format: format), x, into: found, team: ThreadTeam())
    Reference.multiply(w, x, into: expected)
    // Only the sums, of up to 127 · 32,767 · 37, are rounded.
    #expect(distance(found.array, expected.array) < 127 * 32_767 * 37 * 1e-6)
  }

  @Test(
    "a result's bits depend on neither the other vectors nor the threads", arguments: CompactMatrix.Format.allCases)
  func bitsAreFixed(format: CompactMatrix.Format) {
    let compact = CompactMatrix(randomMatrix(3000, 90, seed: 1), format: format)
    let x = randomMatrix(5, 90, seed: 2, gap: 1)
    let together = Matrix(rows: 5, columns: 3000)
    multiply(compact, x, into: together, team: ThreadTeam(threadCount: 3))
    for row in 0..<5 {
      let alone = FloatBuffer(count: 3000).all
      multiply(compact, x.row(row), into: alone, team: ThreadTeam())
      #expect(alone.array == together.row(row).array)
    }
  }

  @Test("what is not finite gives NaN in its row, and leaves the others", arguments: CompactMatrix.Format.allCases)
  func notFinite(format: CompactMatrix.Format) {
    let w = randomMatrix(20, 10, seed: 1)
    w[3, 9] = .nan
    let y = FloatBuffer(count: 20).all
    multiply(CompactMatrix(w, format: format), randomVector(10, seed: 2), into: y, team: ThreadTeam())
    for row in 0..<20 { #expect(y[row].isNaN == (row == 3)) }
    let x = randomVector(10, seed: 2)
    x[0] = .nan
    multiply(CompactMatrix(randomMatrix(20, 10, seed: 1), format: format), x, into: y, team: ThreadTeam())
    #expect(y.array.allSatisfy { $0.isNaN })
  }

  @Test("rows and vectors of zeros multiply to zero", arguments: CompactMatrix.Format.allCases)
  func zeros(format: CompactMatrix.Format) {
    let y = FloatBuffer([Float](repeating: 5, count: 4)).all
    multiply(
      CompactMatrix(Matrix(rows: 4, columns: 6), format: format), randomVector(6, seed: 1), into: y, team: ThreadTeam())
    #expect(y.array == [0, 0, 0, 0])
    let compact = CompactMatrix(randomMatrix(4, 6, seed: 1), format: format)
    multiply(compact, FloatBuffer(count: 6).all, into: y, team: ThreadTeam())
    #expect(y.array == [0, 0, 0, 0])
  }

  @Test("a compact matrix takes half or a quarter of the memory")
  func size() {
    let w = Matrix(rows: 1600, columns: 256)
    #expect(CompactMatrix(w, format: .bfloat16).byteCount == 1600 * 256 * 2)
    #expect(CompactMatrix(w, format: .int8).byteCount == 1600 * 256 + 1600 * 8)
  }
}
