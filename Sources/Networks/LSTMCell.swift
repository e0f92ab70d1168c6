import Kernels

/// The long short-term memory's cell.
///
///     i  = σ(W_i x + b_i + U_i h + c_i)         f = σ(W_f x + b_f + U_f h + c_f)
///     g  = tanh(W_g x + b_g + U_g h + c_g)      o = σ(W_o x + b_o + U_o h + c_o)
///     c′ = f ⊙ c + i ⊙ g
///     h′ = o ⊙ tanh(c′)
///
/// and back, from ∂L/∂h′ and the next time step's ∂L/∂c′ (a the sums inside the functions):
///
///     ∂c′     = ∂L/∂c′ + o ⊙ (1 − tanh²(c′)) ⊙ ∂L/∂h′
///     ∂L/∂a_i = g ⊙ i ⊙ (1 − i) ⊙ ∂c′           ∂L/∂a_f = c ⊙ f ⊙ (1 − f) ⊙ ∂c′
///     ∂L/∂a_g = i ⊙ (1 − g²) ⊙ ∂c′              ∂L/∂a_o = tanh(c′) ⊙ o ⊙ (1 − o) ⊙ ∂L/∂h′
///     ∂L/∂c   = f ⊙ ∂c′                         ∂L/∂h   = Uᵀ ∂L/∂a
///
/// Source: Hochreiter and Schmidhuber 1997, with Gers's forget gate and PyTorch's two biases. Rows of W `[4·H, input]`,
/// U `[4·H, H]`, b and c `[4·H]` are stacked i, f, g, o.
struct LSTMCell: RecurrentCell {
  var keepsRecurrentPartApart: Bool { false }
  var passesHiddenGradientOn: Bool { false }

  func forward(_ step: CellStep, team: ThreadTeam) {
    lstmForward(
      gates: step.gates, previousCell: step.previousCell, cell: step.cell, hidden: step.hidden, team: team)
  }

  func backward(_ step: CellStep, team: ThreadTeam) {
    lstmBackward(
      gates: step.gates, previousCell: step.previousCell, cell: step.cell, hiddenGradient: step.hiddenGradient,
      cellGradient: step.cellGradient, team: team)
  }
}
