package import Kernels

/// How the gradient of a text's last prediction fares on its way back through time.
///
/// The loss is that of the last token alone, given all before it; the gradient goes back over the whole text. For every
/// lag, `norms[lag]` is the L2 norm of ∂L/∂h at the time step that lies `lag` before the one that predicts, h being all
/// layers' hidden states laid end to end. Each layer's part is the whole derivative: through what follows in time and
/// through the layers above. An LSTM's cell states are on the way of the gradient but not themselves counted.
package struct GradientFlow: Equatable, Sendable {
  /// The last token's cross-entropy, in nats.
  package let loss: Double
  /// One norm a lag, from 0 (the state that the prediction is made from) to the first token's.
  package let norms: [Double]

  /// Measures a text of at least two tokens: all but the last are read, the last is predicted.
  ///
  /// - Throws: `NetworkError.nothingToPredict` for fewer, `.tokenOutOfRange`.
  /// - Complexity: memory for a window of the text's length.
  package init(
    of tokens: [TokenID], with weights: WeightsSnapshot, team: ThreadTeam = ThreadTeam()
  ) throws(NetworkError) {
    guard tokens.count >= 2 else { throw .nothingToPredict }
    let shape = weights.shape
    for token in tokens where !weights.contains(token) {
      throw .tokenOutOfRange(found: token, vocabularySize: shape.vocabularySize)
    }
    let pass = NetworkPass(shape: shape)
    let stepCount = tokens.count - 1
    pass.forward(
      inputs: tokens.dropLast(), batchSize: 1, from: [HiddenState(zeroFor: shape)], weights: weights.parameters,
      dropoutKey: nil, team: team)
    var targets = [TokenID](repeating: TrainingWindow.padding, count: stepCount)
    targets[stepCount - 1] = tokens[stepCount]
    var squares = [Double](repeating: 0, count: stepCount)
    loss = pass.backward(targets: targets, weights: weights.parameters, gradient: nil, team: team) { _, step, part in
      squares[stepCount - 1 - step] += sumOfSquares(part.all, team: team)
    }
    norms = squares.map { $0.squareRoot() }
  }
}
