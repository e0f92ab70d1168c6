import Testing

@testable import Kernels

@Suite("Gates")
struct GateTests {
  static let batches = [1, 3, 20]

  @Test("LSTM gates equal the plain loops, forward and backward", arguments: edgeSizes, batches)
  func lstm(size: Int, batch: Int) {
    let results = [false, true].map { isFast in
      let team = ThreadTeam(threadCount: 2)
      let gates = randomMatrix(batch, 4 * size, seed: 1, gap: 1)
      scale(gates.owner.all, by: 3)
      let (previousCell, cell) = (randomMatrix(batch, size, seed: 2, gap: 2), Matrix(rows: batch, columns: size))
      let hidden = Matrix(rows: batch, columns: size)
      let hiddenGradient = randomMatrix(batch, size, seed: 3)
      let cellGradient = randomMatrix(batch, size, seed: 4, gap: 5)
      var seen: [Float] = []
      if isFast {
        lstmForward(gates: gates, previousCell: previousCell, cell: cell, hidden: hidden, team: team)
      } else {
        Reference.lstmForward(gates: gates, previousCell: previousCell, cell: cell, hidden: hidden)
      }
      seen += numbers(gates) + numbers(cell) + numbers(hidden)
      if isFast {
        lstmBackward(
          gates: gates, previousCell: previousCell, cell: cell, hiddenGradient: hiddenGradient,
          cellGradient: cellGradient, team: team)
      } else {
        Reference.lstmBackward(
          gates: gates, previousCell: previousCell, cell: cell, hiddenGradient: hiddenGradient,
          cellGradient: cellGradient)
      }
      return seen + numbers(gates) + numbers(cellGradient)
    }
    #expect(distance(results[0], results[1]) < 2e-6)
  }

  @Test("GRU gates equal the plain loops, forward and backward", arguments: edgeSizes, batches)
  func gru(size: Int, batch: Int) {
    let results = [false, true].map { isFast in
      let team = ThreadTeam(threadCount: 2)
      let gates = randomMatrix(batch, 3 * size, seed: 1, gap: 1)
      let recurrent = randomMatrix(batch, 3 * size, seed: 2, gap: 3)
      let (previous, hidden) = (randomMatrix(batch, size, seed: 3), randomMatrix(batch, size, seed: 4, gap: 1))
      let hiddenGradient = randomMatrix(batch, size, seed: 5, gap: 2)
      var seen: [Float] = []
      if isFast {
        gruForward(gates: gates, recurrentPart: recurrent, previousHidden: previous, hidden: hidden, team: team)
      } else {
        Reference.gruForward(gates: gates, recurrentPart: recurrent, previousHidden: previous, hidden: hidden)
      }
      seen += numbers(gates) + numbers(recurrent) + numbers(hidden)
      if isFast {
        gruBackward(
          gates: gates, recurrentPart: recurrent, previousHidden: previous, hiddenGradient: hiddenGradient,
          team: team)
      } else {
        Reference.gruBackward(
          gates: gates, recurrentPart: recurrent, previousHidden: previous, hiddenGradient: hiddenGradient)
      }
      return seen + numbers(gates) + numbers(recurrent) + numbers(hiddenGradient)
    }
    #expect(distance(results[0], results[1]) < 2e-6)
  }

  @Test("Elman units equal the plain loops, forward and backward", arguments: edgeSizes, batches)
  func elman(size: Int, batch: Int) {
    let team = ThreadTeam(threadCount: 2)
    for nonlinearity in [Nonlinearity.tanh, .relu] {
      let preActivations = randomMatrix(batch, size, seed: 1, gap: 3)
      let (fast, plain) = (Matrix(rows: batch, columns: size), Matrix(rows: batch, columns: size))
      elmanForward(preActivations: preActivations, nonlinearity: nonlinearity, hidden: fast, team: team)
      Reference.elmanForward(preActivations: preActivations, nonlinearity: nonlinearity, hidden: plain)
      #expect(distance(numbers(fast), numbers(plain)) < 1e-6)
      let gradient = randomMatrix(batch, size, seed: 2, gap: 1)
      let expected = copy(gradient)
      Reference.elmanBackward(
        hidden: fast, hiddenGradient: expected, nonlinearity: nonlinearity, into: expected)
      elmanBackward(hidden: fast, hiddenGradient: gradient, nonlinearity: nonlinearity, into: gradient, team: team)
      #expect(distance(numbers(gradient), numbers(expected)) < 1e-6)
    }
  }

  @Test("the LSTM's gradients equal finite differences of its output")
  func lstmFiniteDifferences() {
    let size = 5
    let start = randomVector(6 * size, seed: 8)
    /// Σ h′ · u + Σ c′ · v for the gates and cell that `inputs` holds.
    func loss(_ inputs: [Float]) -> Double {
      let buffer = FloatBuffer(inputs + [Float](repeating: 0, count: 2 * size))
      let cell = buffer.matrix(at: 5 * size, rows: 1, columns: size)
      let hidden = buffer.matrix(at: 6 * size, rows: 1, columns: size)
      Reference.lstmForward(
        gates: buffer.matrix(rows: 1, columns: 4 * size),
        previousCell: buffer.matrix(at: 4 * size, rows: 1, columns: size), cell: cell, hidden: hidden)
      return (0..<size).reduce(0) { $0 + Double(hidden[0, $1]) * Double(1 + $1) + Double(cell[0, $1]) * 0.5 }
    }
    let inputs = Array(start.array[..<(5 * size)])
    let buffer = FloatBuffer(inputs + [Float](repeating: 0, count: 4 * size))
    func part(_ index: Int) -> Matrix { buffer.matrix(at: index * size, rows: 1, columns: size) }
    let gates = buffer.matrix(rows: 1, columns: 4 * size)
    let team = ThreadTeam()
    lstmForward(gates: gates, previousCell: part(4), cell: part(5), hidden: part(6), team: team)
    part(7).row(0).copy(from: (0..<size).map { Float(1 + $0) })
    part(8).fill(with: 0.5)
    lstmBackward(
      gates: gates, previousCell: part(4), cell: part(5), hiddenGradient: part(7), cellGradient: part(8), team: team)
    let gradient = gates.row(0).array + part(8).row(0).array
    for index in inputs.indices {
      var (above, below) = (inputs, inputs)
      above[index] += 1e-2
      below[index] -= 1e-2
      let slope = (loss(above) - loss(below)) / Double(above[index] - below[index])
      #expect(abs(slope - Double(gradient[index])) < 1e-3, "input \(index)")
    }
  }
}
