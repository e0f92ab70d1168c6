/// One time step of an LSTM after its matrix products, for a batch.
///
///     i, f, o = σ(gates_i), σ(gates_f), σ(gates_o)
///     g = tanh(gates_g)
///     c′ = f ⊙ c + i ⊙ g
///     h′ = o ⊙ tanh(c′)
///
/// Source: Hochreiter and Schmidhuber 1997 with Gers's forget gate, in PyTorch's order of gates.
///
/// - Parameters:
///   - gates: `[batch, 4 · hidden]`, columns in the order i, f, g, o. Holds W x + U h + b on entry; on return the
///     activated gates, which the backward pass needs.
///   - previousCell: c, `[batch, hidden]`.
///   - cell: Receives c′, `[batch, hidden]`; may be the same memory as `previousCell` where no backward pass follows.
///   - hidden: Receives h′, `[batch, hidden]`.
/// - Precondition: the shapes fit; views overlap only as said.
package func lstmForward(gates: Matrix, previousCell: Matrix, cell: Matrix, hidden: Matrix, team: ThreadTeam) {
  checkGates(gates, count: 4, previousCell, cell, hidden)
  Reference.lstmForward(gates: gates, previousCell: previousCell, cell: cell, hidden: hidden)
}

/// The backward pass of `lstmForward`.
///
/// - Parameters:
///   - gates: The activated gates of the forward pass; on return the loss's gradient with respect to W x + U h + b.
///   - previousCell: c, as in the forward pass.
///   - cell: c′, as the forward pass left it.
///   - hiddenGradient: ∂L/∂h′, all of it: from the layer above and from the next time step.
///   - cellGradient: ∂L/∂c′ from the next time step (zero at the last); on return ∂L/∂c.
/// - Precondition: the shapes fit; no two views overlap.
package func lstmBackward(
  gates: Matrix, previousCell: Matrix, cell: Matrix, hiddenGradient: Matrix, cellGradient: Matrix, team: ThreadTeam
) {
  checkGates(gates, count: 4, previousCell, cell, hiddenGradient, cellGradient)
  Reference.lstmBackward(
    gates: gates, previousCell: previousCell, cell: cell, hiddenGradient: hiddenGradient, cellGradient: cellGradient)
}

/// Checks that the states have one shape `[batch, hidden]` and the gates are `[batch, count · hidden]`.
func checkGates(_ gates: Matrix, count: Int, _ states: Matrix...) {
  guard let first = states.first else { return }
  precondition(gates.rows == first.rows && gates.columns == count * first.columns, "gates: shape does not fit")
  for state in states {
    precondition(state.rows == first.rows && state.columns == first.columns, "gates: states' shapes differ")
  }
}
