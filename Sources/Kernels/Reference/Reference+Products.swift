extension Reference {
  /// `C = op(A) · op(B) + bias`, or with `accumulate` `C += op(A) · op(B)`.
  package static func multiply(
    _ a: Matrix, _ b: Matrix, bias: Vector? = nil, transposeA: Bool = false, transposeB: Bool = false,
    accumulate: Bool = false, into c: Matrix
  ) {
    let depth = transposeA ? a.rows : a.columns
    for row in 0..<c.rows {
      for column in 0..<c.columns {
        var sum = Double(accumulate ? c[row, column] : bias?[column] ?? 0)
        for k in 0..<depth {
          sum += Double(transposeA ? a[k, row] : a[row, k]) * Double(transposeB ? b[column, k] : b[k, column])
        }
        c[row, column] = Float(sum)
      }
    }
  }

  /// `y = W · x + bias`, or with `accumulate` `y += W · x`.
  package static func multiply(
    _ w: Matrix, _ x: Vector, bias: Vector? = nil, accumulate: Bool = false, into y: Vector
  ) {
    for row in 0..<w.rows {
      var sum = Double(accumulate ? y[row] : bias?[row] ?? 0)
      for column in 0..<w.columns { sum += Double(w[row, column]) * Double(x[column]) }
      y[row] = Float(sum)
    }
  }

  /// `target[j] += Σ_i source[i, j]`.
  package static func addColumnSums(of source: Matrix, to target: Vector) {
    for column in 0..<source.columns {
      var sum = Double(target[column])
      for row in 0..<source.rows { sum += Double(source[row, column]) }
      target[column] = Float(sum)
    }
  }
}
