/// What an Elman network applies to its sums.
package enum Nonlinearity: Sendable {
  case tanh
  case relu
}

/// One time step of an Elman network after its matrix products, for a batch.
///
///     h′ = tanh(preActivations)        or  h′ = max(0, preActivations)
///
/// Source: Elman 1990, in PyTorch's form.
///
/// - Parameters:
///   - preActivations: W x + U h + b, `[batch, hidden]`.
///   - hidden: Receives h′, `[batch, hidden]`; may be the same memory as `preActivations`.
/// - Precondition: the shapes are equal.
package func elmanForward(
  preActivations: Matrix, nonlinearity: Nonlinearity, hidden: Matrix, team: ThreadTeam
) {
  checkGates(preActivations, count: 1, hidden)
  Reference.elmanForward(preActivations: preActivations, nonlinearity: nonlinearity, hidden: hidden)
}

/// The backward pass of `elmanForward`.
///
/// - Parameters:
///   - hidden: h′, as the forward pass left it.
///   - hiddenGradient: ∂L/∂h′, all of it.
///   - preActivationGradient: Receives the loss's gradient with respect to W x + U h + b; may be the same memory as
///     either of the others.
/// - Precondition: the shapes are equal.
package func elmanBackward(
  hidden: Matrix, hiddenGradient: Matrix, nonlinearity: Nonlinearity, into preActivationGradient: Matrix,
  team: ThreadTeam
) {
  checkGates(hidden, count: 1, hiddenGradient, preActivationGradient)
  Reference.elmanBackward(
    hidden: hidden, hiddenGradient: hiddenGradient, nonlinearity: nonlinearity, into: preActivationGradient)
}
