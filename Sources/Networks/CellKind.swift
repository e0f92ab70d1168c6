/// The kinds of recurrent cell, by the names that PyTorch's word language model example gives them.
package enum CellKind: String, CaseIterable, Sendable {
  /// `h′ = tanh(W x + b + U h + c)`. Source: Elman 1990.
  case elmanTanh = "RNN_TANH"
  /// `h′ = max(0, W x + b + U h + c)`.
  case elmanReLU = "RNN_RELU"
  /// Gates r, z, n. Source: Cho et al. 2014, in PyTorch's variant.
  case gru = "GRU"
  /// Gates i, f, g, o. Source: Hochreiter and Schmidhuber 1997, with Gers's forget gate.
  case lstm = "LSTM"

  /// How many gates, hence blocks of `hiddenSize` rows, the weights of a layer have.
  package var gateCount: Int {
    switch self {
    case .elmanTanh, .elmanReLU: 1
    case .gru: 3
    case .lstm: 4
    }
  }

  /// Whether a layer carries a cell state c beside its hidden state h.
  package var hasCellState: Bool { self == .lstm }

  /// How many numbers a layer hands from one time step to the next for each hidden unit.
  var stateCount: Int { hasCellState ? 2 : 1 }
}
