import Kernels

/// The simple recurrent network's cell.
///
///     a  = W x + b + U h + c
///     h′ = tanh(a)      or      h′ = max(0, a)
///
/// and back, from ∂L/∂h′:
///
///     ∂L/∂a = (1 − h′²) ⊙ ∂L/∂h′      or      [h′ > 0] ⊙ ∂L/∂h′
///     ∂L/∂h = Uᵀ ∂L/∂a
///
/// Source: Elman 1990, with PyTorch's two biases. The one gate's rows are W `[H, input]`, U `[H, H]`, b and c `[H]`.
struct ElmanCell: RecurrentCell {
  let nonlinearity: Nonlinearity

  var keepsRecurrentPartApart: Bool { false }
  var passesHiddenGradientOn: Bool { false }

  func forward(_ step: CellStep, team: ThreadTeam) {
    elmanForward(preActivations: step.gates, nonlinearity: nonlinearity, hidden: step.hidden, team: team)
  }

  func backward(_ step: CellStep, team: ThreadTeam) {
    elmanBackward(
      hidden: step.hidden, hiddenGradient: step.hiddenGradient, nonlinearity: nonlinearity, into: step.gates,
      team: team)
  }
}
