/// What stochastic gradient descent is told, in the double precision in which PyTorch keeps it.
package struct SGDSettings: Equatable, Sendable {
  package var learningRate: Double
  package var momentum: Double
  package var weightDecay: Double

  package init(learningRate: Double, momentum: Double = 0, weightDecay: Double = 0) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.weightDecay = weightDecay
  }
}

/// What AdamW is told, in the double precision in which PyTorch keeps it.
package struct AdamWSettings: Equatable, Sendable {
  package var learningRate: Double
  package var beta1: Double
  package var beta2: Double
  package var epsilon: Double
  package var weightDecay: Double

  package init(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0.01
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }
}

/// One step of stochastic gradient descent with momentum and L2 weight decay, in one pass.
///
///     g = gradient · gradientScale + weightDecay · w
///     m = momentum · m + g                               (with a momentum buffer; else m = g)
///     w = w - learningRate · m
///
/// A zero-filled momentum buffer makes the first step plain, as in PyTorch.
///
/// - Parameter gradientScale: What the gradient is multiplied by as it is read: the factor of clipping.
/// - Precondition: all counts are equal.
package func sgdUpdate(
  weights: Vector, gradient: Vector, gradientScale: Float = 1, momentumBuffer: Vector?, settings: SGDSettings,
  team: ThreadTeam
) {
  precondition(gradient.count == weights.count, "sgdUpdate: counts differ")
  precondition(momentumBuffer == nil || momentumBuffer?.count == weights.count, "sgdUpdate: counts differ")
  Reference.sgdUpdate(
    weights: weights, gradient: gradient, gradientScale: gradientScale, momentumBuffer: momentumBuffer,
    settings: settings)
}

/// One step of AdamW, in one pass.
///
///     g = gradient · gradientScale
///     w = w · (1 - learningRate · weightDecay)
///     m = m + (1 - β₁) · (g - m)
///     v = β₂ · v + (1 - β₂) · g²
///     w = w - learningRate / (1 - β₁ᵗ) · m / (√v / √(1 - β₂ᵗ) + ε)
///
/// Source: Loshchilov and Hutter 2019, in the order in which PyTorch computes it.
///
/// - Parameters:
///   - gradientScale: What the gradient is multiplied by as it is read: the factor of clipping.
///   - step: t, one at the first step.
/// - Precondition: all counts are equal, `step` is positive.
package func adamWUpdate(
  weights: Vector, gradient: Vector, gradientScale: Float = 1, firstMoment: Vector, secondMoment: Vector, step: Int,
  settings: AdamWSettings, team: ThreadTeam
) {
  precondition(
    gradient.count == weights.count && firstMoment.count == weights.count && secondMoment.count == weights.count,
    "adamWUpdate: counts differ")
  precondition(step >= 1, "adamWUpdate: step is not positive")
  Reference.adamWUpdate(
    weights: weights, gradient: gradient, gradientScale: gradientScale, firstMoment: firstMoment,
    secondMoment: secondMoment, step: step, settings: settings)
}
