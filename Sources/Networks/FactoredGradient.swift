import Kernels

/// A matrix's gradient as the product that it would be, not carried out.
///
///     G = L R        L `[rows, n]`, R `[n, columns]`
///
/// The decoder's gradient of a short text: a sum of n outer products over a matrix of thousands of rows. Plain gradient
/// descent needs its norm and its sum with the weights, and has both from the factors, without writing G out, reading it
/// for the norm and reading it again for the update.
struct FactoredGradient {
  let left: Matrix
  let right: Matrix
  /// Room for two `[n, n]` matrices, and for one like R.
  let scratch: (Matrix, Matrix, Matrix)

  /// Σ G².
  ///
  ///     ‖L R‖² = Σ_ij (Lᵀ L)_ij (R Rᵀ)_ij
  func sumOfSquares(team: ThreadTeam) -> Double {
    multiply(left, left, transposeA: true, into: scratch.0, team: team)
    multiply(right, right, transposeB: true, into: scratch.1, team: team)
    var sum = 0.0
    for row in 0..<right.rows {
      for column in 0..<right.rows { sum += Double(scratch.0[row, column]) * Double(scratch.1[row, column]) }
    }
    // Rounding may carry a sum that is nothing below it; NaN stays NaN.
    return sum < 0 ? 0 : sum
  }

  /// Adds a multiple of G to a matrix, and writes the sum to a matrix that may be the same.
  func addScaled(_ factor: Float, to matrix: Matrix, into target: Matrix, team: ThreadTeam) {
    scratch.2.copy(from: right)
    scale(scratch.2.all, by: factor)
    multiply(left, scratch.2, addedTo: matrix, into: target, team: team)
  }
}
