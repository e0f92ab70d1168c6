import Kernels

/// What a kind of cell does at one time step once the matrix products are there, forward and backward.
///
/// A cell is stateless: weights come as products, memory as views. The driving loop is `RecurrentLayer`'s.
protocol RecurrentCell {
  /// Whether the recurrent product U h + c must be kept apart from the input product W x + b, because the cell does
  /// more than add them up.
  var keepsRecurrentPartApart: Bool { get }

  /// Turns the sums in `step.gates` (and `step.recurrentPart`) into the next states.
  func forward(_ step: CellStep, team: ThreadTeam)

  /// Turns `step.gates` (and `step.recurrentPart`) into the loss's gradient with respect to the sums.
  ///
  /// On entry `step.hiddenGradient` is all of ∂L/∂h′ and `step.cellGradient` ∂L/∂c′ from the next time step; on return
  /// the latter is ∂L/∂c. A cell with a part of ∂L/∂h that does not pass through the recurrent product leaves it in
  /// `step.hiddenGradient` and says so by `passesHiddenGradientOn`.
  func backward(_ step: CellStep, team: ThreadTeam)

  /// Whether `backward` leaves a part of ∂L/∂h in the place of ∂L/∂h′.
  var passesHiddenGradientOn: Bool { get }
}

/// One time step's views for a batch; what a cell does not have is empty.
struct CellStep {
  /// `[batch, G·H]`: sums, then activated gates, then the gradient with respect to the sums.
  let gates: Matrix
  /// `[batch, G·H]`, U h + c, where the cell keeps it apart.
  let recurrentPart: Matrix
  /// h and h′, `[batch, H]`.
  let previousHidden: Matrix
  let hidden: Matrix
  /// c and c′, `[batch, H]`, where the cell has them.
  let previousCell: Matrix
  let cell: Matrix
  /// ∂L/∂h′ and ∂L/∂c′, `[batch, H]`; empty in a forward pass.
  let hiddenGradient: Matrix
  let cellGradient: Matrix
}

extension CellKind {
  /// The cell's mathematics.
  var mathematics: any RecurrentCell {
    switch self {
    case .elmanTanh: ElmanCell(nonlinearity: .tanh)
    case .elmanReLU: ElmanCell(nonlinearity: .relu)
    case .gru: GRUCell()
    case .lstm: LSTMCell()
    }
  }
}
