/// A row-major view of numbers in a `FloatBuffer`, which it keeps alive: `rows` rows of `columns` consecutive numbers,
/// whose starts lie `rowStride` numbers apart.
///
/// It is checked against the buffer when it is made. Copying a view copies no numbers.
@safe
package struct Matrix {
  package let rows: Int
  package let columns: Int
  /// The distance between the starts of two rows, at least `columns`.
  package let rowStride: Int

  let owner: FloatBuffer
  let start: UnsafeMutablePointer<Float>

  @unsafe
  init(owner: FloatBuffer, start: UnsafeMutablePointer<Float>, rows: Int, columns: Int, rowStride: Int) {
    self.owner = owner
    unsafe self.start = unsafe start
    self.rows = rows
    self.columns = columns
    self.rowStride = rowStride
  }

  /// Makes a zero-filled matrix with a buffer of its own.
  ///
  /// - Precondition: the sizes are not negative and their product is representable.
  package init(rows: Int, columns: Int) {
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    precondition(rows >= 0 && columns >= 0 && !overflow, "Matrix: bad shape")
    self = FloatBuffer(count: count).matrix(rows: rows, columns: columns)
  }

  /// The number at a row and column.
  ///
  /// - Precondition: both lie within the matrix.
  package subscript(row: Int, column: Int) -> Float {
    get {
      checkPosition(row, column)
      return unsafe start[row * rowStride + column]
    }
    nonmutating set {
      checkPosition(row, column)
      unsafe start[row * rowStride + column] = newValue
    }
  }

  private func checkPosition(_ row: Int, _ column: Int) {
    precondition(
      UInt(bitPattern: row) < UInt(bitPattern: rows) && UInt(bitPattern: column) < UInt(bitPattern: columns),
      "Matrix: position out of bounds")
  }

  /// Whether the rows follow each other without gaps.
  package var isContiguous: Bool { rowStride == columns || rows <= 1 }

  /// A view of one row.
  ///
  /// - Precondition: the row lies within the matrix.
  package func row(_ index: Int) -> Vector {
    precondition(UInt(bitPattern: index) < UInt(bitPattern: rows), "Matrix: row out of bounds")
    return unsafe Vector(owner: owner, start: start + index * rowStride, count: columns)
  }

  /// A view of consecutive rows.
  ///
  /// - Precondition: the range lies within the matrix.
  package func rows(_ range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "Matrix: rows out of bounds")
    if range.isEmpty {
      return unsafe Matrix(owner: owner, start: start, rows: 0, columns: columns, rowStride: rowStride)
    }
    return unsafe Matrix(
      owner: owner, start: start + range.lowerBound * rowStride, rows: range.count, columns: columns,
      rowStride: rowStride)
  }

  /// A view of consecutive columns of every row.
  ///
  /// - Precondition: the range lies within the matrix.
  package func columns(_ range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= columns, "Matrix: columns out of bounds")
    let offset = rows == 0 ? 0 : range.lowerBound
    return unsafe Matrix(owner: owner, start: start + offset, rows: rows, columns: range.count, rowStride: rowStride)
  }

  /// All numbers, row after row.
  ///
  /// - Precondition: the matrix is contiguous.
  package var all: Vector {
    precondition(isContiguous, "Matrix.all: rows have gaps")
    return unsafe Vector(owner: owner, start: start, count: rows * columns)
  }

  /// Sets every number to `value`.
  package func fill(with value: Float) {
    for index in 0..<rows { row(index).fill(with: value) }
  }

  /// Copies another matrix's numbers here.
  ///
  /// - Precondition: the shapes are equal; the two do not overlap, or are the same.
  package func copy(from source: Matrix) {
    precondition(source.rows == rows && source.columns == columns, "Matrix.copy: shapes differ")
    for index in 0..<rows { row(index).copy(from: source.row(index)) }
  }
}
