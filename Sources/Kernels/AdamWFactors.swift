#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

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
