#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Reference {
  /// The plain form of `gatherRows`.
  package static func gatherRows(of table: Matrix, at indices: Span<Int32>, into target: Matrix) {
    for position in 0..<indices.count {
      for column in 0..<table.columns { target[position, column] = table[Int(indices[position]), column] }
    }
  }

  /// The plain form of `scatterAddRows`.
  package static func scatterAddRows(_ source: Matrix, at indices: Span<Int32>, to table: Matrix) {
    for position in 0..<indices.count {
      for column in 0..<table.columns { table[Int(indices[position]), column] += source[position, column] }
    }
  }

  /// The plain form of `sgdUpdate`.
  package static func sgdUpdate(
    weights: Vector, gradient: Vector, gradientScale: Float, momentumBuffer: Vector?, settings: SGDSettings
  ) {
    let weightDecay = Float(settings.weightDecay)
    let momentum = Float(settings.momentum)
    let learningRate = Float(settings.learningRate)
    for index in 0..<weights.count {
      var step = gradient[index] * gradientScale + weightDecay * weights[index]
      if let momentumBuffer {
        step = momentum * momentumBuffer[index] + step
        momentumBuffer[index] = step
      }
      weights[index] -= learningRate * step
    }
  }

  /// The plain form of `adamWUpdate`.
  package static func adamWUpdate(
    weights: Vector, gradient: Vector, gradientScale: Float, firstMoment: Vector, secondMoment: Vector, step: Int,
    settings: AdamWSettings
  ) {
    let factors = AdamWFactors(settings, step: step)
    for index in 0..<weights.count {
      let slope = gradient[index] * gradientScale
      let first = firstMoment[index] + factors.firstComplement * (slope - firstMoment[index])
      let second = factors.secondDecay * secondMoment[index] + factors.secondComplement * slope * slope
      firstMoment[index] = first
      secondMoment[index] = second
      let denominator = second.squareRoot() / factors.secondCorrectionRoot + factors.epsilon
      weights[index] = weights[index] * factors.weightFactor - factors.stepSize * first / denominator
    }
  }

  /// The plain form of `applyDropout`.
  package static func applyDropout(probability: Double, key: UInt64, firstIndex: Int = 0, to target: Vector) {
    let choice = DropoutChoice(probability: probability, key: key)
    for index in 0..<target.count {
      let isKept = choice.keeps(SIMD16(repeating: UInt32(firstIndex + index)))[0]
      target[index] = isKept ? target[index] * choice.scale : 0
    }
  }
}
