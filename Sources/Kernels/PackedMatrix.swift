/// A matrix `[rows, columns]` in the order in which the product's innermost loop reads it, to stand on the right in
/// many products.
///
/// A recurrent layer packs its weights once a window and multiplies by them at every time step.
package final class PackedMatrix {
  /// The depth of the product: op(B)'s rows.
  package let rows: Int
  /// The product's columns: op(B)'s columns.
  package let columns: Int

  let plain: Matrix

  /// Makes room for a matrix of this shape, filled with zeros.
  ///
  /// - Precondition: the sizes are not negative.
  package init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    plain = Matrix(rows: rows, columns: columns)
  }

  /// Packs `source`, or its transpose, replacing what was here.
  ///
  /// - Precondition: `source`, transposed if so asked, is `[rows, columns]`.
  package func pack(_ source: Matrix, transpose: Bool = false, team: ThreadTeam) {
    precondition(
      (transpose ? source.columns : source.rows) == rows && (transpose ? source.rows : source.columns) == columns,
      "PackedMatrix.pack: shapes differ")
    for row in 0..<rows {
      for column in 0..<columns { plain[row, column] = transpose ? source[column, row] : source[row, column] }
    }
  }
}
