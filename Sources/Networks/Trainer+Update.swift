import Kernels

/// What clipping decided about a gradient.
struct ClippingDecision {
  /// What every number of the gradient is still to be multiplied by.
  let scale: Float
  /// What no number of the gradient as applied exceeds.
  let greatest: Double
  /// Whether the gradient as applied differs from the one computed.
  let changedGradient: Bool
}

extension Trainer {
  /// The global L2 norm of the gradient.
  func gradientNorm() -> Double {
    ((factoredDecoderGradient?.sumOfSquares(team: team) ?? 0) + sumOfSquaresOfParts()).squareRoot()
  }

  /// Clips the gradient by norm, then by value, as far as asked.
  ///
  /// Clipping by norm alone costs nothing: its factor is applied as the optimiser reads the gradient. Source of the
  /// factor: `torch.nn.utils.clip_grad_norm_`.
  func clip(norm: Double, settings: UpdateSettings) -> ClippingDecision {
    let factor = settings.clipNorm.map { min(1, $0 / (norm + 1e-6)) } ?? 1
    guard let clipValue = settings.clipValue else {
      return ClippingDecision(scale: Float(factor), greatest: norm * factor, changedGradient: factor < 1)
    }
    if factor < 1 {
      forEachPart(onlyTouched: true) { scale(gradient.buffer.vector(at: $0, count: $1), by: Float(factor)) }
    }
    let before = sumOfSquaresOfParts()
    forEachPart(onlyTouched: true) {
      Kernels.clip(gradient.buffer.vector(at: $0, count: $1), toMagnitude: Float(clipValue))
    }
    let hasCut = sumOfSquaresOfParts() < before
    return ClippingDecision(
      scale: 1, greatest: min(norm * factor, clipValue), changedGradient: factor < 1 || hasCut)
  }

  private func sumOfSquaresOfParts() -> Double {
    var sum = 0.0
    forEachPart(onlyTouched: true) { sum += sumOfSquares(gradient.buffer.vector(at: $0, count: $1), team: team) }
    return sum
  }

  /// Changes weights and moments, and counts the step.
  ///
  /// - Throws: `NetworkError.diverged` if that would carry a weight out of range; then nothing has changed.
  func apply(_ clipping: ClippingDecision, learningRate: Double) throws(NetworkError) {
    let next = bound.after(optimizer, gradient: clipping.greatest, learningRate: learningRate)
    if next.isSafe {
      change(scale: clipping.scale, learningRate: learningRate)
      bound = next
    } else {
      try applyMeasuring(clipping, learningRate: learningRate)
    }
    step += 1
  }

  /// Changes weights and moments, and takes it back if the result is out of range: the slow way, for when the bound
  /// cannot tell beforehand.
  private func applyMeasuring(_ clipping: ClippingDecision, learningRate: Double) throws(NetworkError) {
    let before = checkpoint()
    change(scale: clipping.scale, learningRate: learningRate)
    bound = measuredBound()
    guard bound.isSafe else {
      restore(before)
      throw .diverged(.weights)
    }
  }

  /// Whether an update changes no rows of the encoder but those of the tokens that were read.
  var keepsEncoder: Bool { optimizer.leavesUntouchedRowsAlone && !shape.isTied }

  /// The bound that the present weights and moments give; infinite or NaN, hence not safe, if one of them is not finite.
  func measuredBound() -> MagnitudeBound {
    func norm(_ parameters: Parameters) -> Double {
      parameters.usedParts.reduce(0) { $0 + sumOfSquares($1, team: team) }.squareRoot()
    }
    let first = moments.first.map(norm) ?? 0
    // The second moment is of squares.
    let second = secondMoment.map { norm($0).squareRoot() } ?? 0
    return MagnitudeBound(weights: norm(weights), moments: first + second)
  }

  /// The mean squared gradients, where the optimiser keeps them.
  var secondMoment: Parameters? { moments.count > 1 ? moments[1] : nil }

  private func change(scale: Float, learningRate: Double) {
    let sparse = optimizer.leavesUntouchedRowsAlone
    let before = shared.beginUpdate(keepsEncoder: keepsEncoder)
    if keepsEncoder {
      shared.noteChange(onlyEncoderRows: touchedRows.list)
    } else {
      shared.noteChangeOfEverything()
    }
    factoredDecoderGradient?.addScaled(
      Float(-learningRate * Double(scale)), to: before.decoder.weights, into: weights.decoder.weights, team: team)
    forEachPart(onlyTouched: sparse) { offset, count in
      changePart(at: offset, count: count, from: before, scale: scale, learningRate: learningRate)
    }
  }

  private func changePart(at offset: Int, count: Int, from before: Parameters, scale: Float, learningRate: Double) {
    func part(of parameters: Parameters) -> Vector { parameters.buffer.vector(at: offset, count: count) }
    switch optimizer {
    case .sgd(let momentum, let weightDecay):
      sgdUpdate(
        weights: part(of: weights), from: part(of: before), gradient: part(of: gradient), gradientScale: scale,
        momentumBuffer: moments.first.map(part),
        settings: SGDSettings(learningRate: learningRate, momentum: momentum, weightDecay: weightDecay), team: team)
    case .adamW(let beta1, let beta2, let epsilon, let weightDecay):
      adamWUpdate(
        weights: part(of: weights), from: part(of: before), gradient: part(of: gradient), gradientScale: scale,
        firstMoment: part(of: moments[0]), secondMoment: part(of: moments[1]), step: step + 1,
        settings: AdamWSettings(
          learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay),
        team: team)
    }
  }
}
