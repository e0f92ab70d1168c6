/// Single-precision numbers in one aligned piece of memory that it alone owns: weights, gradients and workspaces.
///
/// It begins zero-filled, starts on a cache line and never moves, so that views into it stay good for as long as they
/// keep it alive. A large one takes memory only as it is written to (`ZeroedMemory`). Elements are reached through
/// `Vector` and `Matrix`, whose bounds are checked when they are made.
///
/// Not `Sendable`: whoever hands one to another thread proves that nobody writes to it meanwhile.
@safe
package final class FloatBuffer {
  /// How many numbers it holds.
  package let count: Int

  let base: UnsafeMutablePointer<Float>
  private let memory: ZeroedMemory

  /// Makes a zero-filled buffer.
  ///
  /// - Precondition: `count` is not negative.
  /// - Complexity: O(`count`); of a large one, nothing until it is written to.
  package init(count: Int) {
    precondition(count >= 0, "FloatBuffer: negative count")
    self.count = count
    let (byteCount, overflow) = max(count, 1).multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
    precondition(!overflow, "FloatBuffer: count too large")
    memory = ZeroedMemory(byteCount: byteCount)
    // Zero bytes are zeros.
    unsafe base = memory.start.bindMemory(to: Float.self, capacity: max(count, 1))
  }

  /// Makes a buffer that holds a copy of `values`.
  package convenience init(_ values: [Float]) {
    self.init(count: values.count)
    all.copy(from: values)
  }

  /// Has the numbers at `range` take no more memory than those among them that are written to, where they are few.
  ///
  /// - Precondition: the range lies within the buffer.
  package func expectFewWrites(at range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "FloatBuffer: range out of bounds")
    let stride = MemoryLayout<Float>.stride
    memory.expectFewWrites(at: range.lowerBound * stride, byteCount: range.count * stride)
  }

  /// A view of everything.
  package var all: Vector { vector(at: 0, count: count) }

  /// A view of `count` numbers from `offset` on.
  ///
  /// - Precondition: the range lies within the buffer.
  package func vector(at offset: Int, count: Int) -> Vector {
    precondition(
      offset >= 0 && count >= 0 && offset <= self.count && count <= self.count - offset,
      "FloatBuffer: vector out of bounds")
    return unsafe Vector(owner: self, start: base + offset, count: count)
  }

  /// A row-major view of `rows` by `columns` numbers from `offset` on.
  ///
  /// - Parameter rowStride: The distance between the starts of two rows; `columns` when left out.
  /// - Precondition: the view lies within the buffer, and rows do not overlap.
  package func matrix(at offset: Int = 0, rows: Int, columns: Int, rowStride: Int? = nil) -> Matrix {
    let stride = rowStride ?? columns
    precondition(offset >= 0 && rows >= 0 && columns >= 0 && stride >= columns, "FloatBuffer: bad matrix shape")
    if rows > 0 {
      let (beforeLastRow, overflow) = (rows - 1).multipliedReportingOverflow(by: stride)
      precondition(
        !overflow && offset <= count && columns <= count - offset && beforeLastRow <= count - offset - columns,
        "FloatBuffer: matrix out of bounds")
    }
    precondition(offset <= count, "FloatBuffer: matrix out of bounds")
    return unsafe Matrix(owner: self, start: base + offset, rows: rows, columns: columns, rowStride: stride)
  }
}
