extension Reference {
  /// The plain form of `lstmForward`.
  package static func lstmForward(gates: Matrix, previousCell: Matrix, cell: Matrix, hidden: Matrix) {
    let size = hidden.columns
    for row in 0..<hidden.rows {
      for unit in 0..<size {
        let inputGate = sigmoid(gates[row, unit])
        let forgetGate = sigmoid(gates[row, size + unit])
        let candidate = hyperbolicTangent(gates[row, 2 * size + unit])
        let outputGate = sigmoid(gates[row, 3 * size + unit])
        let newCell = forgetGate * previousCell[row, unit] + inputGate * candidate
        gates[row, unit] = inputGate
        gates[row, size + unit] = forgetGate
        gates[row, 2 * size + unit] = candidate
        gates[row, 3 * size + unit] = outputGate
        cell[row, unit] = newCell
        hidden[row, unit] = outputGate * hyperbolicTangent(newCell)
      }
    }
  }

  /// The plain form of `lstmBackward`.
  package static func lstmBackward(
    gates: Matrix, previousCell: Matrix, cell: Matrix, hiddenGradient: Matrix, cellGradient: Matrix
  ) {
    let size = cell.columns
    for row in 0..<cell.rows {
      for unit in 0..<size {
        let inputGate = gates[row, unit]
        let forgetGate = gates[row, size + unit]
        let candidate = gates[row, 2 * size + unit]
        let outputGate = gates[row, 3 * size + unit]
        let cellTanh = hyperbolicTangent(cell[row, unit])
        let fromHidden = hiddenGradient[row, unit]
        let toCell = cellGradient[row, unit] + fromHidden * outputGate * (1 - cellTanh * cellTanh)
        gates[row, unit] = toCell * candidate * inputGate * (1 - inputGate)
        gates[row, size + unit] = toCell * previousCell[row, unit] * forgetGate * (1 - forgetGate)
        gates[row, 2 * size + unit] = toCell * inputGate * (1 - candidate * candidate)
        gates[row, 3 * size + unit] = fromHidden * cellTanh * outputGate * (1 - outputGate)
        cellGradient[row, unit] = toCell * forgetGate
      }
    }
  }

  /// The plain form of `gruForward`.
  package static func gruForward(gates: Matrix, recurrentPart: Matrix, previousHidden: Matrix, hidden: Matrix) {
    let size = hidden.columns
    for row in 0..<hidden.rows {
      for unit in 0..<size {
        let resetGate = sigmoid(gates[row, unit] + recurrentPart[row, unit])
        let updateGate = sigmoid(gates[row, size + unit] + recurrentPart[row, size + unit])
        let candidate = hyperbolicTangent(
          gates[row, 2 * size + unit] + resetGate * recurrentPart[row, 2 * size + unit])
        gates[row, unit] = resetGate
        gates[row, size + unit] = updateGate
        gates[row, 2 * size + unit] = candidate
        hidden[row, unit] = (1 - updateGate) * candidate + updateGate * previousHidden[row, unit]
      }
    }
  }

  /// The plain form of `gruBackward`.
  package static func gruBackward(
    gates: Matrix, recurrentPart: Matrix, previousHidden: Matrix, hiddenGradient: Matrix
  ) {
    let size = previousHidden.columns
    for row in 0..<previousHidden.rows {
      for unit in 0..<size {
        let resetGate = gates[row, unit]
        let updateGate = gates[row, size + unit]
        let candidate = gates[row, 2 * size + unit]
        let gradient = hiddenGradient[row, unit]
        let toCandidate = gradient * (1 - updateGate) * (1 - candidate * candidate)
        let toUpdate = gradient * (previousHidden[row, unit] - candidate) * updateGate * (1 - updateGate)
        let toReset = toCandidate * recurrentPart[row, 2 * size + unit] * resetGate * (1 - resetGate)
        gates[row, unit] = toReset
        gates[row, size + unit] = toUpdate
        gates[row, 2 * size + unit] = toCandidate
        recurrentPart[row, unit] = toReset
        recurrentPart[row, size + unit] = toUpdate
        recurrentPart[row, 2 * size + unit] = toCandidate * resetGate
        hiddenGradient[row, unit] = gradient * updateGate
      }
    }
  }

  /// The plain form of `elmanForward`.
  package static func elmanForward(preActivations: Matrix, nonlinearity: Nonlinearity, hidden: Matrix) {
    for row in 0..<hidden.rows {
      for unit in 0..<hidden.columns {
        let value = preActivations[row, unit]
        hidden[row, unit] =
          switch nonlinearity {
          case .tanh: hyperbolicTangent(value)
          case .relu: value < 0 ? 0 : value
          }
      }
    }
  }

  /// The plain form of `elmanBackward`.
  package static func elmanBackward(
    hidden: Matrix, hiddenGradient: Matrix, nonlinearity: Nonlinearity, into preActivationGradient: Matrix
  ) {
    for row in 0..<hidden.rows {
      for unit in 0..<hidden.columns {
        let value = hidden[row, unit]
        let gradient = hiddenGradient[row, unit]
        preActivationGradient[row, unit] =
          switch nonlinearity {
          case .tanh: gradient * (1 - value * value)
          case .relu: value > 0 ? gradient : 0
          }
      }
    }
  }
}
