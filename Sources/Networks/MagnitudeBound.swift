/// A bound on the magnitude of every weight and moment, carried along so that an update is known to leave them finite
/// before it is applied, without a pass over them.
///
/// It follows the optimiser's formulas with the norm of the gradient in place of each number, so it only ever errs on
/// the safe side. It grows slowly; when it reaches the limit the trainer measures and starts it anew.
package struct MagnitudeBound: Equatable, Sendable {
  package var weights: Double
  /// Of the momentum buffer, or the first moment.
  package var moments: Double

  package init(weights: Double, moments: Double) {
    self.weights = weights
    self.moments = moments
  }

  /// What no weight, moment or gradient may exceed: far from what any training reaches, and low enough that squares
  /// and sums of products stay finite in single precision.
  static let limit = 1e18

  /// Whether everything is known to be in range.
  var isSafe: Bool { weights <= Self.limit && moments <= Self.limit }

  /// The bound after an update whose gradient, as applied, has no number above `gradient`.
  func after(_ optimizer: Optimizer, gradient: Double, learningRate: Double) -> MagnitudeBound {
    // Rounding in single precision moves a result by less.
    let slack = 1.00001
    switch optimizer {
    case .sgd(let momentum, let weightDecay):
      let velocity = momentum * moments + gradient + weightDecay * weights
      return MagnitudeBound(
        weights: (weights + learningRate * velocity) * slack, moments: momentum == 0 ? 0 : velocity * slack)
    case .adamW(let beta1, _, let epsilon, let weightDecay):
      let moment = beta1 * moments + (1 - beta1) * gradient
      // The divisor √v̂ + ε is at least ε, and 1 - β₁ᵗ at least 1 - β₁.
      let change = learningRate * moment / ((1 - beta1) * epsilon)
      return MagnitudeBound(
        weights: (weights * abs(1 - learningRate * weightDecay) + change) * slack, moments: moment * slack)
    }
  }
}
