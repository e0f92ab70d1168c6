/// Multiplies two matrices.
///
///     C = op(A) · op(B) + bias        or with `accumulate`  C += op(A) · op(B)
///
/// `op(X)` is `X`, or its transpose where `transposeA` or `transposeB` says so: op(A) is `[C.rows, depth]`, op(B) is
/// `[depth, C.columns]`. The bias, one number a column of C, is added to every row.
///
/// - Precondition: the shapes fit; C overlaps neither A nor B; not both a bias and `accumulate`.
/// - Complexity: 2 · `C.rows` · `C.columns` · depth FLOP; allocates only while the team's scratch grows.
package func multiply(
  _ a: Matrix, _ b: Matrix, bias: Vector? = nil, transposeA: Bool = false, transposeB: Bool = false,
  accumulate: Bool = false, precision: ProductPrecision = .single, into c: Matrix, team: ThreadTeam
) {
  let depth = transposeA ? a.rows : a.columns
  precondition((transposeA ? a.columns : a.rows) == c.rows, "multiply: rows of op(A) and C differ")
  precondition((transposeB ? b.columns : b.rows) == depth, "multiply: depths of op(A) and op(B) differ")
  precondition((transposeB ? b.rows : b.columns) == c.columns, "multiply: columns of op(B) and C differ")
  precondition(bias == nil || (bias?.count == c.columns && !accumulate), "multiply: bias does not fit")
  let product = unsafe Product(
    precision: precision, rows: c.rows, columns: c.columns, depth: depth,
    a: .numbers(a.start, rowStride: transposeA ? 1 : a.rowStride, depthStride: transposeA ? a.rowStride : 1),
    b: transposeB ? .transposed(b.start, stride: b.rowStride) : .rowMajor(b.start, stride: b.rowStride),
    beginning: beginning(bias: bias, accumulate: accumulate), c: c.start, cRowStride: c.rowStride)
  withExtendedLifetime((a, b, bias, c)) { product.run(on: team) }
}

/// Multiplies two matrices and adds a third, which may be C itself.
///
///     C = M + A · B
///
/// The same bits as by copying M to C, and accumulating.
///
/// - Precondition: the shapes fit; C overlaps neither A nor B, and is M or does not overlap it.
package func multiply(_ a: Matrix, _ b: Matrix, addedTo m: Matrix, into c: Matrix, team: ThreadTeam) {
  precondition(a.rows == c.rows && a.columns == b.rows && b.columns == c.columns, "multiply: shapes differ")
  precondition(m.rows == c.rows && m.columns == c.columns, "multiply: what is added to does not fit")
  let product = unsafe Product(
    precision: .single, rows: c.rows, columns: c.columns, depth: a.columns,
    a: .numbers(a.start, rowStride: a.rowStride, depthStride: 1), b: .rowMajor(b.start, stride: b.rowStride),
    beginning: .matrix(m.start, rowStride: m.rowStride),
    c: c.start, cRowStride: c.rowStride)
  withExtendedLifetime((a, b, m, c)) { product.run(on: team) }
}

/// Multiplies by a matrix that was packed before: the recurrent product of every time step of a window.
///
///     C = A · P + bias        or with `accumulate`  C += A · P
///
/// - Precondition: `A` is `[C.rows, P.rows]`, `P` `[P.rows, C.columns]`; C does not overlap A; not both a bias and
///   `accumulate`.
package func multiply(
  _ a: Matrix, _ b: PackedMatrix, bias: Vector? = nil, accumulate: Bool = false, into c: Matrix, team: ThreadTeam
) {
  precondition(a.rows == c.rows && a.columns == b.rows && b.columns == c.columns, "multiply: shapes differ")
  precondition(bias == nil || (bias?.count == c.columns && !accumulate), "multiply: bias does not fit")
  let product = unsafe Product(
    precision: b.precision, rows: c.rows, columns: c.columns, depth: a.columns,
    a: .numbers(a.start, rowStride: a.rowStride, depthStride: 1),
    b: .packed(b.storage.base), beginning: beginning(bias: bias, accumulate: accumulate), c: c.start,
    cRowStride: c.rowStride)
  withExtendedLifetime((a, b, bias, c)) { product.run(on: team) }
}

private func beginning(bias: Vector?, accumulate: Bool) -> Product.Beginning {
  if let bias { return unsafe .bias(bias.start) }
  return unsafe accumulate ? .target : .zero
}
