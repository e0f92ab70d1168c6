/// How a gradient becomes a change of the weights.
package enum Optimizer: Equatable, Sendable {
  /// Stochastic gradient descent with momentum and L2 weight decay, as `torch.optim.SGD` has them.
  case sgd(momentum: Double = 0, weightDecay: Double = 0)
  /// Adam with decoupled weight decay, as `torch.optim.AdamW` has it.
  case adamW(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01)

  /// Checks every number against its range.
  ///
  /// - Throws: `NetworkError.badSetting`.
  package func validate() throws(NetworkError) {
    switch self {
    case .sgd(let momentum, let weightDecay):
      try Self.check("momentum", momentum, "in 0..<1") { $0 >= 0 && $0 < 1 }
      try Self.check("weight decay", weightDecay, "in 0...1") { $0 >= 0 && $0 <= 1 }
    case .adamW(let beta1, let beta2, let epsilon, let weightDecay):
      try Self.check("beta1", beta1, "in 0..<1") { $0 >= 0 && $0 < 1 }
      try Self.check("beta2", beta2, "in 0..<1") { $0 >= 0 && $0 < 1 }
      try Self.check("epsilon", epsilon, "in 1e-16...1") { $0 >= 1e-16 && $0 <= 1 }
      try Self.check("weight decay", weightDecay, "in 0...1") { $0 >= 0 && $0 <= 1 }
    }
  }

  /// The names under which files keep its moments, as the beginnings of tensors' names: `exp_avg.` and so on.
  package var momentPrefixes: [String] {
    switch self {
    case .sgd(let momentum, _): momentum == 0 ? [] : ["momentum_buffer."]
    case .adamW: ["exp_avg.", "exp_avg_sq."]
    }
  }

  /// Whether a row whose gradient is zero stays as it is, so that untouched embeddings need not be visited.
  var leavesUntouchedRowsAlone: Bool { self == .sgd(momentum: 0, weightDecay: 0) }

  /// Throws unless a setting is in its range; NaN is in none.
  static func check(
    _ name: String, _ value: Double, _ expected: String, _ isValid: (Double) -> Bool
  ) throws(NetworkError) {
    guard isValid(value) else { throw .badSetting(name: name, found: value, expected: expected) }
  }
}

/// What one update is told beside its window.
package struct UpdateSettings: Equatable, Sendable {
  package var learningRate: Double
  /// The greatest global L2 norm of the gradient: a longer one is scaled by `clipNorm / (norm + 1e-6)`.
  package var clipNorm: Double?
  /// The greatest magnitude of any number of the gradient, imposed after `clipNorm`.
  package var clipValue: Double?
  /// Has the loss taken among a sample of the words; among all when left out.
  package var sampledSoftmax: SampledSoftmax?

  package init(
    learningRate: Double, clipNorm: Double? = nil, clipValue: Double? = nil, sampledSoftmax: SampledSoftmax? = nil
  ) {
    self.learningRate = learningRate
    self.clipNorm = clipNorm
    self.clipValue = clipValue
    self.sampledSoftmax = sampledSoftmax
  }

  /// Checks every number against its range.
  ///
  /// - Throws: `NetworkError.badSetting`.
  package func validate() throws(NetworkError) {
    try Optimizer.check("learning rate", learningRate, "in 0...1e6") { $0 >= 0 && $0 <= 1e6 }
    if let clipNorm { try Optimizer.check("clip norm", clipNorm, "finite and above 0") { $0 > 0 && $0.isFinite } }
    if let clipValue { try Optimizer.check("clip value", clipValue, "finite and above 0") { $0 > 0 && $0.isFinite } }
  }
}

/// What one update reports.
package struct UpdateResult: Equatable, Sendable {
  /// Mean cross-entropy of the predicted tokens before the update, in nats; of a sampled softmax its estimate.
  package let loss: Double
  /// How many tokens were predicted.
  package let tokenCount: Int
  /// The gradient's global L2 norm before clipping.
  package let gradientNorm: Double
  /// Whether clipping changed the gradient.
  package let clipped: Bool
}
