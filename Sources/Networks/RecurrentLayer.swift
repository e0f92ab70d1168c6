import Kernels

/// A recurrent layer's passes over a window, with what the forward pass remembers for the backward one.
///
/// The input products of all time steps are one matrix product and only the recurrent product runs step by step. Rows
/// are ordered by time step, then sequence: row t·B + b. Memory is kept from window to window.
final class RecurrentLayer {
  let kind: CellKind
  let hiddenSize: Int
  let cell: any RecurrentCell
  let precision: ProductPrecision

  private(set) var batchSize = 0
  private(set) var sequenceLength = 0

  /// h: block 0 is the state that the window begins in, block t+1 that after time step t. `[(T+1)·B, H]`.
  var hidden = ScratchMatrix()
  /// c, likewise; empty unless the cell has one.
  var cells = ScratchMatrix()
  /// Sums, then activated gates, then the gradient with respect to the sums. `[T·B, G·H]`.
  var gates = ScratchMatrix()
  /// U h + c, then its gradient, where the cell keeps it apart. `[T·B, G·H]`.
  var recurrentParts = ScratchMatrix()
  /// ∂L/∂h after each time step: the caller lays in what comes from above, the backward pass adds the rest. `[T·B, H]`.
  var hiddenGradient = ScratchMatrix()
  /// ∂L/∂c. `[B, H]`.
  var cellGradient = ScratchMatrix()
  /// Rows of ∂L/∂h and ∂L/∂c of sequences for which no time passes, while the cell works over them. `[2·B, H]`.
  var stash = ScratchMatrix()

  /// How many sequences are worth a thread.
  private static let shareSize = 8
  /// What stands for views that there are not.
  private let none = Matrix(rows: 0, columns: 0)
  /// b + c, where the cell only ever adds them.
  private let summedBias: FloatBuffer
  /// Uᵀ and U, packed for a window's recurrent products; made when first needed.
  private(set) lazy var forwardWeights = PackedMatrix(
    rows: hiddenSize, columns: kind.gateCount * hiddenSize, precision: precision)
  private(set) lazy var backwardWeights = PackedMatrix(
    rows: kind.gateCount * hiddenSize, columns: hiddenSize, precision: precision)

  init(kind: CellKind, hiddenSize: Int, precision: ProductPrecision) {
    self.kind = kind
    self.hiddenSize = hiddenSize
    self.precision = precision
    cell = kind.mathematics
    summedBias = FloatBuffer(count: cell.keepsRecurrentPartApart ? 0 : kind.gateCount * hiddenSize)
  }

  /// Makes room for a window; nothing is allocated if there is enough.
  func reshape(batchSize: Int, sequenceLength: Int) {
    self.batchSize = batchSize
    self.sequenceLength = sequenceLength
    let rows = batchSize * sequenceLength
    hidden.reshape(rows: rows + batchSize, columns: hiddenSize)
    gates.reshape(rows: rows, columns: kind.gateCount * hiddenSize)
    if kind.hasCellState { cells.reshape(rows: rows + batchSize, columns: hiddenSize) }
    if cell.keepsRecurrentPartApart { recurrentParts.reshape(rows: rows, columns: kind.gateCount * hiddenSize) }
  }

  /// h after each time step, `[T·B, H]`.
  var output: Matrix { hidden.view.rows(batchSize..<hidden.view.rows) }

  /// Runs the window forward from the states in block 0.
  ///
  /// - Parameters:
  ///   - input: x of every position, `[T·B, input]`.
  ///   - tokens: The window's inputs if some are padding; there the states stay as they are.
  /// - Precondition: `reshape` was called for the window.
  func forward(input: Matrix, weights: LayerParameters, paddedTokens tokens: [TokenID]?, team: ThreadTeam) {
    guard sequenceLength > 0, batchSize > 0 else { return }
    multiply(
      input, weights.inputWeights, bias: inputProductBias(weights), transposeB: true, precision: precision,
      into: gates.view, team: team)
    let packed = batchSize > 1 ? forwardWeights : nil
    packed?.pack(weights.recurrentWeights, transpose: true, team: team)
    forEachShare(team: team) { sequences, team in
      for step in 0..<sequenceLength {
        let views = views(at: step, of: sequences)
        addRecurrentProduct(to: views, weights: weights, packed: packed, team: team)
        cell.forward(views, team: team)
        if let tokens { holdStates(at: step, of: sequences, tokens: tokens, views) }
      }
    }
  }

  /// Has some sequences' time steps done, by each thread for sequences of its own where there are enough of them and the
  /// recurrent weights are small; else by all threads together for all sequences.
  func forEachShare(team: ThreadTeam, _ body: (_ sequences: Range<Int>, _ team: ThreadTeam) -> Void) {
    let areWeightsSmall = PackedMatrix.isSmall(
      rows: kind.gateCount * hiddenSize, columns: hiddenSize, precision: precision)
    if areWeightsSmall && batchSize >= Self.shareSize * team.threadCount {
      team.forEachShare(of: batchSize, body)
    } else {
      body(0..<batchSize, team)
    }
  }

  /// The views of one time step of some sequences; the gradients' only where `withGradients` says that they have the
  /// window's shape.
  func views(at step: Int, of sequences: Range<Int>, withGradients: Bool = false) -> CellStep {
    func block(_ step: Int, _ matrix: Matrix) -> Matrix {
      let first = step * batchSize
      return matrix.rows == 0 ? matrix : matrix.rows(first + sequences.lowerBound..<first + sequences.upperBound)
    }
    return CellStep(
      gates: block(step, gates.view), recurrentPart: block(step, recurrentParts.view),
      previousHidden: block(step, hidden.view), hidden: block(step + 1, hidden.view),
      previousCell: block(step, cells.view), cell: block(step + 1, cells.view),
      hiddenGradient: withGradients ? block(step, hiddenGradient.view) : none,
      cellGradient: withGradients ? block(0, cellGradient.view) : none)
  }

  /// What is added to the input product: both biases, unless the recurrent part is kept apart.
  private func inputProductBias(_ weights: LayerParameters) -> Vector {
    guard !cell.keepsRecurrentPartApart else { return weights.inputBias }
    summedBias.all.copy(from: weights.inputBias)
    add(weights.recurrentBias, to: summedBias.all)
    return summedBias.all
  }

  private func addRecurrentProduct(
    to step: CellStep, weights: LayerParameters, packed: PackedMatrix?, team: ThreadTeam
  ) {
    let isApart = cell.keepsRecurrentPartApart
    let target = isApart ? step.recurrentPart : step.gates
    let bias = isApart ? weights.recurrentBias : nil
    if let packed {
      multiply(step.previousHidden, packed, bias: bias, accumulate: !isApart, into: target, team: team)
    } else {
      multiply(
        weights.recurrentWeights, step.previousHidden.row(0), bias: bias, accumulate: !isApart, into: target.row(0))
    }
  }

  /// Undoes the time step for sequences whose input is padding.
  private func holdStates(at step: Int, of sequences: Range<Int>, tokens: [TokenID], _ views: CellStep) {
    for (row, sequence) in sequences.enumerated() where tokens[step * batchSize + sequence] < 0 {
      views.hidden.row(row).copy(from: views.previousHidden.row(row))
      if kind.hasCellState { views.cell.row(row).copy(from: views.previousCell.row(row)) }
    }
  }
}
