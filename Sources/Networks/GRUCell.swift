import Kernels

/// The gated recurrent unit's cell.
///
///     r  = σ(W_r x + b_r + U_r h + c_r)
///     z  = σ(W_z x + b_z + U_z h + c_z)
///     n  = tanh(W_n x + b_n + r ⊙ (U_n h + c_n))
///     h′ = (1 − z) ⊙ n + z ⊙ h
///
/// and back, from ∂L/∂h′ (a the sums inside the functions, p = U_n h + c_n):
///
///     ∂L/∂a_n = (1 − z) ⊙ (1 − n²) ⊙ ∂L/∂h′        ∂L/∂p  = r ⊙ ∂L/∂a_n
///     ∂L/∂a_z = (h − n) ⊙ z ⊙ (1 − z) ⊙ ∂L/∂h′     ∂L/∂a_r = p ⊙ r ⊙ (1 − r) ⊙ ∂L/∂a_n
///     ∂L/∂h   = z ⊙ ∂L/∂h′ + U_rᵀ ∂L/∂a_r + U_zᵀ ∂L/∂a_z + U_nᵀ ∂L/∂p
///
/// Source: Cho et al. 2014, in PyTorch's variant (`r` acts after the recurrent product), hence the recurrent product
/// is kept apart. Rows of W `[3·H, input]`, U `[3·H, H]`, b and c `[3·H]` are stacked r, z, n.
struct GRUCell: RecurrentCell {
  var keepsRecurrentPartApart: Bool { true }
  /// z ⊙ ∂L/∂h′.
  var passesHiddenGradientOn: Bool { true }

  func forward(_ step: CellStep, team: ThreadTeam) {
    gruForward(
      gates: step.gates, recurrentPart: step.recurrentPart, previousHidden: step.previousHidden, hidden: step.hidden,
      team: team)
  }

  func backward(_ step: CellStep, team: ThreadTeam) {
    gruBackward(
      gates: step.gates, recurrentPart: step.recurrentPart, previousHidden: step.previousHidden,
      hiddenGradient: step.hiddenGradient, team: team)
  }
}
