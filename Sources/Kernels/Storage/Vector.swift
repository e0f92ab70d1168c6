/// A view of consecutive numbers in a `FloatBuffer`, which it keeps alive.
///
/// It is checked against the buffer when it is made; kernels check sizes once and then run free. Copying a view copies
/// no numbers: two views of the same place see each other's writes.
@safe
package struct Vector {
  /// How many numbers it shows.
  package let count: Int

  let owner: FloatBuffer
  let start: UnsafeMutablePointer<Float>

  @unsafe
  init(owner: FloatBuffer, start: UnsafeMutablePointer<Float>, count: Int) {
    self.owner = owner
    unsafe self.start = unsafe start
    self.count = count
  }

  /// The number at `index`.
  ///
  /// - Precondition: `index` lies within the vector.
  package subscript(index: Int) -> Float {
    get {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "Vector: index out of bounds")
      return unsafe start[index]
    }
    nonmutating set {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "Vector: index out of bounds")
      unsafe start[index] = newValue
    }
  }

  /// A view of the numbers at `range`.
  ///
  /// - Precondition: `range` lies within the vector.
  package subscript(range: Range<Int>) -> Vector {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "Vector: range out of bounds")
    return unsafe Vector(owner: owner, start: start + range.lowerBound, count: range.count)
  }

  /// The same numbers as a row-major matrix.
  ///
  /// - Precondition: `rows * columns == count`.
  package func asMatrix(rows: Int, columns: Int) -> Matrix {
    let (product, overflow) = rows.multipliedReportingOverflow(by: columns)
    precondition(rows >= 0 && columns >= 0 && !overflow && product == count, "Vector: shape does not fit the count")
    return unsafe Matrix(owner: owner, start: start, rows: rows, columns: columns, rowStride: columns)
  }

  /// The numbers, copied out.
  package var array: [Float] { unsafe Array(UnsafeBufferPointer(start: start, count: count)) }

  /// Sets every number to `value`.
  package func fill(with value: Float) {
    unsafe start.update(repeating: value, count: count)
  }

  /// Copies another vector's numbers here; the two may overlap.
  ///
  /// - Precondition: `source.count == count`.
  package func copy(from source: Vector) {
    precondition(source.count == count, "Vector.copy: counts differ")
    unsafe start.update(from: source.start, count: count)
  }

  /// Copies an array's numbers here.
  ///
  /// - Precondition: `source.count == count`.
  package func copy(from source: [Float]) {
    copy(from: source[...])
  }

  /// Copies a part of an array here.
  ///
  /// - Precondition: `source.count == count`.
  package func copy(from source: ArraySlice<Float>) {
    precondition(source.count == count, "Vector.copy: counts differ")
    unsafe source.withUnsafeBufferPointer { numbers in
      guard let first = numbers.baseAddress else { return }
      unsafe start.update(from: first, count: count)
    }
  }

  /// Copies the numbers to an array, from `offset` on.
  ///
  /// - Precondition: the array is long enough.
  package func copy(to target: inout [Float], at offset: Int = 0) {
    precondition(
      offset >= 0 && offset <= target.count && count <= target.count - offset, "Vector.copy: array too short")
    unsafe target.withUnsafeMutableBufferPointer { numbers in
      guard let first = numbers.baseAddress else { return }
      unsafe (first + offset).update(from: start, count: count)
    }
  }

  /// Lets `body` read the numbers as a span, for code that writes files or scans them.
  package func withSpan<Result, Failure: Error>(
    _ body: (Span<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(unsafe Span(_unsafeStart: start, count: count))
  }

  /// Lets `body` change the numbers through a span, for code that reads files or transforms them.
  package func withMutableSpan<Result, Failure: Error>(
    _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var span = unsafe MutableSpan(_unsafeStart: start, count: count)
    return try body(&span)
  }
}
