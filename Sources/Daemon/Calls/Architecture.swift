import Networks

/// A network's kind as the protocol names it.
enum Architecture: String, CaseIterable {
  case elman, gru, lstm

  /// What an Elman network's cell does to its sum.
  enum Nonlinearity: String, CaseIterable {
    case tanh, relu
  }

  func cell(_ nonlinearity: Nonlinearity?) -> CellKind {
    switch (self, nonlinearity) {
    case (.elman, .relu): .elmanReLU
    case (.elman, _): .elmanTanh
    case (.gru, _): .gru
    case (.lstm, _): .lstm
    }
  }

  static func names(of cell: CellKind) -> (Architecture, Nonlinearity?) {
    switch cell {
    case .elmanTanh: (.elman, .tanh)
    case .elmanReLU: (.elman, .relu)
    case .gru: (.gru, nil)
    case .lstm: (.lstm, nil)
    }
  }
}
