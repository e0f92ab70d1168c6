/// One time step of a gated recurrent unit after its matrix products, for a batch.
///
///     r = σ(gates_r + recurrent_r)
///     z = σ(gates_z + recurrent_z)
///     n = tanh(gates_n + r ⊙ recurrent_n)
///     h′ = (1 − z) ⊙ n + z ⊙ h
///
/// Source: Cho et al. 2014, in PyTorch's variant (`r` acts after the recurrent product).
///
/// - Parameters:
///   - gates: `[batch, 3 · hidden]`, columns in the order r, z, n. Holds the input part W x + b on entry; on return the
///     activated gates, which the backward pass needs.
///   - recurrentPart: U h + c, `[batch, 3 · hidden]`; left as it is, and needed by the backward pass.
///   - previousHidden: h, `[batch, hidden]`.
///   - hidden: Receives h′, `[batch, hidden]`; may be the same memory as `previousHidden` where no backward pass follows.
/// - Precondition: the shapes fit; views overlap only as said.
package func gruForward(
  gates: Matrix, recurrentPart: Matrix, previousHidden: Matrix, hidden: Matrix, team: ThreadTeam
) {
  checkGates(gates, count: 3, previousHidden, hidden)
  checkGates(recurrentPart, count: 3, hidden)
  Reference.gruForward(gates: gates, recurrentPart: recurrentPart, previousHidden: previousHidden, hidden: hidden)
}

/// The backward pass of `gruForward`.
///
/// - Parameters:
///   - gates: The activated gates of the forward pass; on return the loss's gradient with respect to the input part.
///   - recurrentPart: As in the forward pass; on return the loss's gradient with respect to it.
///   - previousHidden: h, as in the forward pass.
///   - hiddenGradient: ∂L/∂h′, all of it; on return the part of ∂L/∂h that does not pass through `recurrentPart`.
/// - Precondition: the shapes fit; no two views overlap.
package func gruBackward(
  gates: Matrix, recurrentPart: Matrix, previousHidden: Matrix, hiddenGradient: Matrix, team: ThreadTeam
) {
  checkGates(gates, count: 3, previousHidden, hiddenGradient)
  checkGates(recurrentPart, count: 3, previousHidden)
  Reference.gruBackward(
    gates: gates, recurrentPart: recurrentPart, previousHidden: previousHidden, hiddenGradient: hiddenGradient)
}
