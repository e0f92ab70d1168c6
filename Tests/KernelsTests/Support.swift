@testable import Kernels

/// A matrix of its own, with numbers from -1 to 1 that no two tests share, and with gaps between rows if so asked.
func randomMatrix(_ rows: Int, _ columns: Int, seed: UInt64, gap: Int = 0) -> Matrix {
  let buffer = FloatBuffer(count: rows * (columns + gap))
  var generator = SplitMix64(seed: seed)
  for index in 0..<buffer.count { buffer.all[index] = generator.nextUniform(within: 1) }
  return buffer.matrix(rows: rows, columns: columns, rowStride: columns + gap)
}

func randomVector(_ count: Int, seed: UInt64, within bound: Float = 1) -> Vector {
  var generator = SplitMix64(seed: seed)
  return FloatBuffer((0..<count).map { _ in generator.nextUniform(within: bound) }).all
}

/// The numbers, row after row, without gaps.
func numbers(_ matrix: Matrix) -> [Float] {
  (0..<matrix.rows).flatMap { matrix.row($0).array }
}

/// A copy with a buffer of its own.
func copy(_ matrix: Matrix) -> Matrix {
  let result = Matrix(rows: matrix.rows, columns: matrix.columns)
  result.copy(from: matrix)
  return result
}

func copy(_ vector: Vector) -> Vector { FloatBuffer(vector.array).all }

/// The greatest distance between two lists of numbers; infinite where one is NaN and the other not, or counts differ.
func distance(_ a: [Float], _ b: [Float]) -> Float {
  guard a.count == b.count else { return .infinity }
  var greatest: Float = 0
  for (x, y) in zip(a, b) where x.bitPattern != y.bitPattern {
    if x == y || (x.isNaN && y.isNaN) { continue }
    let difference = abs(x - y)
    greatest = difference.isNaN ? .infinity : max(greatest, difference)
  }
  return greatest
}

/// Sizes around every vector width.
let edgeSizes = [0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 64, 100]
