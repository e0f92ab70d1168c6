/// Copies rows of a table: the embedding of a batch of tokens.
///
///     target[i] = table[indices[i]]
///
/// - Precondition: `target` is `[indices.count, table.columns]`; indices are rows of the table.
package func gatherRows(of table: Matrix, at indices: Span<Int32>, into target: Matrix) {
  checkRows(indices, table: table, values: target)
  for position in indices.indices {
    target.row(position).copy(from: table.row(Int(indices[position])))
  }
}

/// Adds rows to rows of a table, in the order of the indices: the gradient of an embedding.
///
///     table[indices[i]] += source[i]
///
/// - Precondition: `source` is `[indices.count, table.columns]`; indices are rows of the table.
package func scatterAddRows(_ source: Matrix, at indices: Span<Int32>, to table: Matrix) {
  checkRows(indices, table: table, values: source)
  for position in indices.indices {
    addScaled(1, source.row(position), to: table.row(Int(indices[position])))
  }
}

private func checkRows(_ indices: Span<Int32>, table: Matrix, values: Matrix) {
  precondition(values.rows == indices.count && values.columns == table.columns, "embedding: shapes differ")
  for index in indices.indices {
    precondition(indices[index] >= 0 && Int(indices[index]) < table.rows, "embedding: row out of bounds")
  }
}
