#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

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
///   - weights: Receives the weights.
///   - before: What they were; the same place, or another.
///   - gradientScale: What the gradient is multiplied by as it is read: the factor of clipping.
///   - step: t, one at the first step.
/// - Precondition: all counts are equal, `step` is positive.
package func adamWUpdate(
  weights: Vector, from before: Vector, gradient: Vector, gradientScale: Float = 1, firstMoment: Vector,
  secondMoment: Vector, step: Int, settings: AdamWSettings, team: ThreadTeam
) {
  precondition(
    gradient.count == weights.count && before.count == weights.count && firstMoment.count == weights.count
      && secondMoment.count == weights.count,
    "adamWUpdate: counts differ")
  precondition(step >= 1, "adamWUpdate: step is not positive")
  let work = AdamWWork(
    weights: weights, before: before, gradient: gradient, gradientScale: gradientScale, firstMoment: firstMoment,
    secondMoment: secondMoment, factors: AdamWFactors(settings, step: step))
  team.run(work, count: weights.count, grain: updateGrain)
}

/// What one AdamW step multiplies by, computed in double precision once and rounded to single.
struct AdamWFactors {
  /// 1 - learningRate · weightDecay.
  let weightFactor: Float
  /// 1 - β₁.
  let firstComplement: Float
  /// β₂.
  let secondDecay: Float
  /// 1 - β₂.
  let secondComplement: Float
  /// learningRate / (1 - β₁ᵗ).
  let stepSize: Float
  /// √(1 - β₂ᵗ).
  let secondCorrectionRoot: Float
  let epsilon: Float

  init(_ settings: AdamWSettings, step: Int) {
    weightFactor = Float(1 - settings.learningRate * settings.weightDecay)
    firstComplement = Float(1 - settings.beta1)
    secondDecay = Float(settings.beta2)
    secondComplement = Float(1 - settings.beta2)
    stepSize = Float(settings.learningRate / (1 - pow(settings.beta1, Double(step))))
    secondCorrectionRoot = Float((1 - pow(settings.beta2, Double(step))).squareRoot())
    epsilon = Float(settings.epsilon)
  }
}

private struct AdamWWork: TeamWork {
  let weights: Vector
  let before: Vector
  let gradient: Vector
  let gradientScale: Float
  let firstMoment: Vector
  let secondMoment: Vector
  let factors: AdamWFactors

  func run(_ items: Range<Int>, scratch: Scratch) {
    let weights = unsafe weights.start + items.lowerBound
    let before = unsafe before.start + items.lowerBound
    let gradient = unsafe gradient.start + items.lowerBound
    let firstMoment = unsafe firstMoment.start + items.lowerBound
    let secondMoment = unsafe secondMoment.start + items.lowerBound
    let factors = factors
    forEachLanes(items.count) { index, width in
      let slope = unsafe gradient.lanes(at: index, count: width) * gradientScale
      let oldFirst = unsafe firstMoment.lanes(at: index, count: width)
      let first = oldFirst.plusProduct(Lanes(repeating: factors.firstComplement), slope - oldFirst)
      let second = unsafe (factors.secondComplement * slope * slope)
        .plusProduct(Lanes(repeating: factors.secondDecay), secondMoment.lanes(at: index, count: width))
      let denominator = second.roots / factors.secondCorrectionRoot + factors.epsilon
      let decayed = unsafe before.lanes(at: index, count: width) * factors.weightFactor
      unsafe firstMoment.set(first, at: index, count: width)
      unsafe secondMoment.set(second, at: index, count: width)
      unsafe weights.set(decayed - factors.stepSize * first / denominator, at: index, count: width)
    }
  }
}
