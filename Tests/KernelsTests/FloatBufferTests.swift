import Testing

@testable import Kernels

@Suite("Buffers and their views")
struct FloatBufferTests {
  @Test("a new buffer is zero-filled and starts on a cache line", arguments: [0, 1, 15, 16, 1000])
  func zeroFilled(count: Int) {
    let buffer = FloatBuffer(count: count)
    #expect(buffer.count == count)
    #expect(buffer.all.array == [Float](repeating: 0, count: count))
    #expect(Int(bitPattern: buffer.base) % 64 == 0)
  }

  /// Numbers in the smallest buffer that consists of the system's own pages.
  private static let largeCount = 1 << 18

  @Test(
    "a large buffer is zero-filled too, whatever was in memory before",
    arguments: [largeCount - 1, largeCount, largeCount + 1, 5 * largeCount + 7])
  func largeZeroFilled(count: Int) {
    for isWrittenToRarely in [false, true] {
      let buffer = FloatBuffer(count: count)
      if isWrittenToRarely { buffer.expectFewWrites(at: 1000..<count - 1000) }
      #expect(Int(bitPattern: buffer.base) % 64 == 0)
      #expect(buffer.all.withSpan { numbers in numbers.indices.allSatisfy { numbers[$0] == 0 } })
      buffer.all.fill(with: 1)
      #expect(buffer.all[count - 1] == 1)
    }
  }

  @Test("a view keeps its buffer alive")
  func viewsOwn() {
    func makeView() -> Vector { FloatBuffer([1, 2, 3]).vector(at: 1, count: 2) }
    let view = makeView()
    #expect(view.array == [2, 3])
  }

  @Test("a matrix view reads rows at its stride")
  func strides() {
    let buffer = FloatBuffer((0..<20).map(Float.init))
    let matrix = buffer.matrix(at: 1, rows: 3, columns: 4, rowStride: 7)
    #expect(matrix[2, 3] == 18)
    #expect(matrix.row(1).array == [8, 9, 10, 11])
    #expect(matrix.rows(1..<3)[1, 0] == 15)
    #expect(matrix.columns(2..<4).row(0).array == [3, 4])
    #expect(!matrix.isContiguous)
    #expect(matrix.rows(3..<3).rows == 0)
  }

  @Test("two views of one place see each other's writes")
  func sharedStorage() {
    let buffer = FloatBuffer(count: 6)
    let matrix = buffer.matrix(rows: 2, columns: 3)
    matrix.row(1).fill(with: 2)
    #expect(buffer.all.array == [0, 0, 0, 2, 2, 2])
    matrix[0, 1] = 5
    #expect(matrix.all[1] == 5)
    buffer.all[3..<5].copy(from: [7, 8])
    #expect(matrix.row(1).array == [7, 8, 2])
  }

  @Test("numbers are copied to and from arrays at an offset")
  func arrays() {
    let vector = FloatBuffer([1, 2, 3]).all
    var array: [Float] = [9, 9, 9, 9, 9]
    vector.copy(to: &array, at: 1)
    #expect(array == [9, 1, 2, 3, 9])
    vector.copy(from: array[2...4])
    #expect(vector.array == [2, 3, 9])
    vector.withMutableSpan { $0[0] = -1 }
    #expect(vector.withSpan { $0[0] } == -1)
  }
}
