import Kernels

/// Memory for a matrix whose shape changes from window to window: it grows when it must and is reused otherwise.
struct ScratchMatrix {
  /// The matrix in its present shape.
  private(set) var view = Matrix(rows: 0, columns: 0)
  private var buffer = FloatBuffer(count: 0)

  /// Gives the matrix a shape; allocates only if it never had room for so many numbers. What it holds is undefined.
  mutating func reshape(rows: Int, columns: Int) {
    guard rows != view.rows || columns != view.columns else { return }
    if rows * columns > buffer.count { buffer = FloatBuffer(count: rows * columns) }
    view = buffer.matrix(rows: rows, columns: columns)
  }
}
