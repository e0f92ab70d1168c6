import Testing

@testable import Kernels

/// A product's shape: C is `rows` by `columns`.
struct ProductShape: Sendable, CustomTestStringConvertible {
  var rows: Int
  var columns: Int
  var depth: Int
  var testDescription: String { "\(rows)x\(columns)x\(depth)" }

  init(_ rows: Int, _ columns: Int, _ depth: Int) {
    self.rows = rows
    self.columns = columns
    self.depth = depth
  }
}

/// The right-hand sides that a product takes.
enum RightForm: CaseIterable, Sendable {
  case plain, transposed, packed, packedFromTransposed
}

@Suite("Matrix products")
struct MultiplyTests {
  static let shapes: [ProductShape] =
    [
      ProductShape(0, 5, 3), ProductShape(5, 0, 3), ProductShape(3, 5, 0), ProductShape(1, 1, 1),
      ProductShape(21, 100, 650), ProductShape(65, 37, 641), ProductShape(130, 8, 333), ProductShape(12, 200, 1000),
      // Transposed: in more than one block, and with rows that begin a kilobyte apart.
      ProductShape(61, 70, 1100), ProductShape(254, 40, 330), ProductShape(254, 9, 17),
    ] + [1, 2, 7, 8, 9, 10, 11, 15, 16, 17, 20, 31, 32, 33].map { ProductShape($0, 33, 17) }
    + [1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 47, 48, 49, 63, 64, 65].map { ProductShape(11, $0, 9) }
    + [1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 319, 320, 321].map { ProductShape(13, 35, $0) }

  @Test("every form of every shape equals the plain loops", arguments: shapes, [ProductPrecision.single, .bfloat16])
  func equalsReference(shape: ProductShape, precision: ProductPrecision) {
    let team = ThreadTeam(threadCount: 2)
    let bias = randomVector(shape.columns, seed: 5)
    for transposeA in [false, true] {
      for form in RightForm.allCases where !(transposeA && (form == .packed || form == .packedFromTransposed)) {
        for beginning in ["zero", "bias", "target"] {
          let fast = randomMatrix(shape.rows, shape.columns, seed: 3, gap: 3)
          let plain = copy(fast)
          let usedBias = beginning == "bias" ? bias : nil
          multiply(
            shape, precision: precision, transposeA: transposeA, form: form, bias: usedBias,
            accumulate: beginning == "target", into: fast, team: team, oracle: plain)
          let tolerance = 1e-7 * Float(shape.depth + 10)
          #expect(distance(numbers(fast), numbers(plain)) <= tolerance, "\(transposeA) \(form) \(beginning)")
        }
      }
    }
  }

  /// Computes one form of a product and its oracle.
  private func multiply(
    _ shape: ProductShape, precision: ProductPrecision, transposeA: Bool, form: RightForm, bias: Vector?,
    accumulate: Bool, into c: Matrix, team: ThreadTeam, oracle: Matrix
  ) {
    let a =
      transposeA
      ? randomMatrix(shape.depth, shape.rows, seed: 1, gap: 2) : randomMatrix(shape.rows, shape.depth, seed: 1, gap: 2)
    let transposeB = form == .transposed || form == .packedFromTransposed
    let b =
      transposeB
      ? randomMatrix(shape.columns, shape.depth, seed: 2, gap: 1)
      : randomMatrix(shape.depth, shape.columns, seed: 2, gap: 1)
    Reference.multiply(
      precision == .single ? a : rounded(a), precision == .single ? b : rounded(b), bias: bias, transposeA: transposeA,
      transposeB: transposeB, accumulate: accumulate, into: oracle)
    if form == .plain || form == .transposed {
      Kernels.multiply(
        a, b, bias: bias, transposeA: transposeA, transposeB: transposeB, accumulate: accumulate, precision: precision,
        into: c, team: team)
    } else {
      let packed = PackedMatrix(rows: shape.depth, columns: shape.columns, precision: precision)
      packed.pack(b, transpose: transposeB, team: team)
      Kernels.multiply(a, packed, bias: bias, accumulate: accumulate, into: c, team: team)
    }
  }

  /// The nearest bfloat16 numbers, ties to even.
  private func rounded(_ matrix: Matrix) -> Matrix {
    let result = copy(matrix)
    for index in 0..<result.all.count {
      let bits = result.all[index].bitPattern
      let isUp = bits & 0xFFFF > 0x8000 || (bits & 0xFFFF == 0x8000 && bits & 0x1_0000 != 0)
      result.all[index] = Float(bitPattern: (bits & 0xFFFF_0000) + (isUp ? 0x1_0000 : 0))
    }
    return result
  }

  @Test("a product added to a matrix elsewhere has the bits of one that is accumulated", arguments: shapes)
  func addedElsewhere(shape: ProductShape) {
    let team = ThreadTeam(threadCount: 2)
    let a = randomMatrix(shape.rows, shape.depth, seed: 1, gap: 2)
    let b = randomMatrix(shape.depth, shape.columns, seed: 2, gap: 1)
    let m = randomMatrix(shape.rows, shape.columns, seed: 3, gap: 5)
    let (before, accumulated, inPlace) = (numbers(m), copy(m), copy(m))
    Kernels.multiply(a, b, accumulate: true, into: accumulated, team: team)
    let elsewhere = randomMatrix(shape.rows, shape.columns, seed: 4, gap: 3)
    Kernels.multiply(a, b, addedTo: m, into: elsewhere, team: team)
    #expect(numbers(elsewhere) == numbers(accumulated))
    #expect(numbers(m) == before)
    Kernels.multiply(a, b, addedTo: inPlace, into: inPlace, team: team)
    #expect(numbers(inPlace) == numbers(accumulated))
  }

  @Test("nothing outside the target is written", arguments: [ProductPrecision.single, .bfloat16])
  func keepsToTarget(precision: ProductPrecision) {
    let buffer = FloatBuffer(count: 40 * 80)
    buffer.all.fill(with: 9)
    let c = buffer.matrix(at: 7 * 80 + 5, rows: 23, columns: 41, rowStride: 80)
    let a = randomMatrix(23, 19, seed: 1)
    let b = randomMatrix(19, 41, seed: 2)
    Kernels.multiply(a, b, precision: precision, into: c, team: ThreadTeam())
    for row in 0..<40 {
      for column in 0..<80 where !(7..<30 ~= row && 5..<46 ~= column) {
        #expect(buffer.all[row * 80 + column] == 9)
      }
    }
  }

  @Test(
    "a number's bits depend on neither threads nor packing nor the other rows and columns",
    arguments: [ProductPrecision.single, .bfloat16])
  func bitsAreFixed(precision: ProductPrecision) {
    let a = randomMatrix(70, 700, seed: 1)
    let b = randomMatrix(900, 700, seed: 2)
    let expected = Matrix(rows: 70, columns: 900)
    Kernels.multiply(a, b, transposeB: true, precision: precision, into: expected, team: ThreadTeam())
    for threadCount in 2...5 {
      let team = ThreadTeam(threadCount: threadCount)
      let c = Matrix(rows: 70, columns: 900)
      Kernels.multiply(a, b, transposeB: true, precision: precision, into: c, team: team)
      #expect(numbers(c) == numbers(expected))
      let packed = PackedMatrix(rows: 700, columns: 900, precision: precision)
      packed.pack(b, transpose: true, team: team)
      Kernels.multiply(a, packed, into: c, team: team)
      #expect(numbers(c) == numbers(expected))
      let part = Matrix(rows: 3, columns: 50)
      Kernels.multiply(
        a.rows(60..<63), b.rows(17..<67), transposeB: true, precision: precision, into: part, team: team)
      #expect(numbers(part) == numbers(expected.rows(60..<63).columns(17..<67)))
    }
  }

  @Test("a packed matrix can be packed again")
  func repacking() {
    let team = ThreadTeam()
    let packed = PackedMatrix(rows: 5, columns: 6)
    packed.pack(randomMatrix(5, 6, seed: 1), team: team)
    let second = randomMatrix(6, 5, seed: 2)
    packed.pack(second, transpose: true, team: team)
    let a = randomMatrix(4, 5, seed: 3)
    let (c, plain) = (Matrix(rows: 4, columns: 6), Matrix(rows: 4, columns: 6))
    Kernels.multiply(a, packed, into: c, team: team)
    Reference.multiply(a, second, transposeB: true, into: plain)
    #expect(distance(numbers(c), numbers(plain)) < 1e-6)
  }

  @Test("what threads laid out for one product serves no other, of the same shape or not")
  func productsInTurn() {
    let team = ThreadTeam(threadCount: 2)
    let packed = PackedMatrix(rows: 300, columns: 640, precision: .bfloat16)
    packed.pack(randomMatrix(300, 640, seed: 9), team: team)
    for (seed, rows) in [(1, 20), (2, 20), (3, 3), (4, 20), (5, 40), (6, 41), (7, 20)] as [(UInt64, Int)] {
      let a = randomMatrix(rows, 300, seed: seed)
      let (c, expected) = (Matrix(rows: rows, columns: 640), Matrix(rows: rows, columns: 640))
      Kernels.multiply(a, packed, into: c, team: team)
      Kernels.multiply(a, packed, into: expected, team: ThreadTeam())
      #expect(numbers(c) == numbers(expected))
    }
  }

  @Test("NaN and infinities pass through", arguments: [ProductPrecision.single, .bfloat16])
  func specials(precision: ProductPrecision) {
    // The second NaN's bits would become a zero's if they were rounded up.
    for nan in [Float.nan, Float(bitPattern: 0x7FFF_FFFF)] { checkSpecials(nan: nan, precision: precision) }
  }

  private func checkSpecials(nan: Float, precision: ProductPrecision) {
    let a = FloatBuffer([1, nan, 2, .infinity]).matrix(rows: 2, columns: 2)
    let b = FloatBuffer([1, 2, 3, 4]).matrix(rows: 2, columns: 2)
    let c = Matrix(rows: 2, columns: 2)
    Kernels.multiply(a, b, precision: precision, into: c, team: ThreadTeam())
    #expect(c[0, 0].isNaN && c[0, 1].isNaN)
    #expect(c[1, 0] == .infinity && c[1, 1] == .infinity)
  }

  @Test("a matrix times a vector equals the plain loops", arguments: edgeSizes)
  func matrixVector(size: Int) {
    for other in [1, 5, 16, 33, 70] {
      for (rows, columns) in [(size, other), (other, size)] {
        let w = randomMatrix(rows, columns, seed: 1, gap: 3)
        let x = randomVector(columns, seed: 2)
        let bias = randomVector(rows, seed: 3)
        for (bias, accumulate) in [(nil, false), (bias, false), (nil, true)] as [(Vector?, Bool)] {
          let fast = randomVector(rows, seed: 4)
          let plain = copy(fast)
          Kernels.multiply(w, x, bias: bias, accumulate: accumulate, into: fast)
          Reference.multiply(w, x, bias: bias, accumulate: accumulate, into: plain)
          #expect(distance(fast.array, plain.array) < 1e-5)
        }
      }
    }
  }

  @Test("column sums equal the plain loops", arguments: edgeSizes)
  func columnSums(size: Int) {
    for other in [1, 5, 16, 33, 70] {
      for (rows, columns) in [(size, other), (other, size)] {
        let source = randomMatrix(rows, columns, seed: 1, gap: 3)
        let fast = randomVector(columns, seed: 4)
        let plain = copy(fast)
        addColumnSums(of: source, to: fast)
        Reference.addColumnSums(of: source, to: plain)
        #expect(distance(fast.array, plain.array) < 1e-5)
      }
    }
  }
}
