package import Kernels

/// Predicts: advances hidden states by tokens and tells what may follow, as fast as the memory delivers the weights.
///
/// It reads weights in their compact form, each once for several states that advance together; what comes of a state is
/// the same, bit for bit, whatever the others. `Evaluator` does the same with the weights as they are: it scores, and
/// is what this is tested against.
///
/// It owns only scratch memory. Not `Sendable`: each thread has one of its own. Every token must be in the snapshot's
/// vocabulary and every state fit its shape.
package final class Predictor {
  private let team: ThreadTeam
  /// The tokens' embeddings; `[n, E]`.
  private var embeddings = ScratchMatrix()
  /// Sums, and U h + c where a cell keeps it apart; `[n, G·H]`.
  private var gates = ScratchMatrix()
  private var recurrentParts = ScratchMatrix()
  /// Every layer's states, h then c: blocks of n rows; `[L · stateCount · n, H]`.
  private var states = ScratchMatrix()
  /// What the output layer reads, `[n, E or H]`, and the logits of several states, `[n, V]`.
  private var outputs = ScratchMatrix()
  private var hidden = ScratchMatrix()
  private var logits = ScratchMatrix()

  /// How many states may advance together, so that scratch memory stays small.
  package static let batchLimit = 16

  /// - Parameter team: The threads that compute; the caller's alone when left out.
  package init(team: ThreadTeam = ThreadTeam()) { self.team = team }

  /// Reads one token.
  package func advance(_ state: inout HiddenState, by token: TokenID, with weights: ServedWeights) {
    var states = [state]
    advance(&states, by: [token], with: weights)
    state = states[0]
  }

  /// Reads one token for each of some states.
  ///
  /// - Precondition: as many tokens as states, at most `batchLimit`.
  /// - Complexity: one pass over the recurrent weights.
  package func advance(_ states: inout [HiddenState], by tokens: [TokenID], with weights: ServedWeights) {
    let parameters = weights.snapshot.parameters
    let shape = weights.shape
    precondition(tokens.count == states.count && tokens.count <= Self.batchLimit, "Predictor: counts differ")
    embeddings.reshape(rows: tokens.count, columns: shape.embeddingSize)
    for (row, token) in tokens.enumerated() {
      precondition(token >= 0 && Int(token) < shape.vocabularySize, "Predictor: token out of range")
      embeddings.view.row(row).copy(from: parameters.encoder.row(Int(token)))
    }
    load(states, shape: shape)
    gates.reshape(rows: states.count, columns: shape.gateRowCount)
    let cell = shape.cell.mathematics
    if cell.keepsRecurrentPartApart { recurrentParts.reshape(rows: states.count, columns: shape.gateRowCount) }
    var input = embeddings.view
    for (index, layer) in weights.compact.layers.enumerated() {
      let step = step(layer: index, count: states.count, kind: shape.cell)
      multiplyInputs(step, layer, parameters.layers[index], input: input, apart: cell.keepsRecurrentPartApart)
      cell.forward(step, team: team)
      input = step.hidden
    }
    store(into: &states, shape: shape)
  }

  /// Tells what may follow some states.
  ///
  /// - Parameter reusing: distributions that nobody needs any more, to be filled anew where they fit.
  /// - Precondition: at most `batchLimit` states.
  /// - Complexity: one pass over the output layer.
  package func predict(
    after states: [HiddenState], with weights: ServedWeights, reusing spare: inout [Distribution]
  ) -> [Distribution] {
    let shape = weights.shape
    let parameters = weights.snapshot.parameters
    precondition(states.count <= Self.batchLimit, "Predictor: too many states")
    let read = outputs(of: states, with: weights)
    let distributions = states.map { _ in Self.take(from: &spare, for: shape) ?? Distribution(shape: shape) }
    if let decoder = weights.compact.decoder {
      setLogits(of: distributions, decoder, read, bias: parameters.decoder.bias)
    } else {
      for (row, distribution) in distributions.enumerated() {
        multiply(
          parameters.decoder.weights, read.row(row), bias: parameters.decoder.bias, into: distribution.logits.all)
      }
    }
    for (row, distribution) in distributions.enumerated() {
      distribution.output.all.copy(from: read.row(row))
      distribution.finish(tolerance: weights.compact.decoder?.tolerance(of: read.row(row)) ?? 0, weights: parameters)
    }
    return distributions
  }

  /// Works out the logits of several distributions by one pass over the output layer.
  private func setLogits(of distributions: [Distribution], _ decoder: ByteMatrix, _ read: Matrix, bias: Vector) {
    if distributions.count == 1, let only = distributions.first {
      let target = only.logits.all.asMatrix(rows: 1, columns: only.count)
      return multiply(decoder, read, bias: bias, into: target, team: team)
    }
    logits.reshape(rows: distributions.count, columns: decoder.rows)
    multiply(decoder, read, bias: bias, into: logits.view, team: team)
    for (row, distribution) in distributions.enumerated() { distribution.logits.all.copy(from: logits.view.row(row)) }
  }

  /// Gives back memory that only makes the next call quicker.
  package func releaseWorkspace() {
    embeddings = ScratchMatrix()
    gates = ScratchMatrix()
    recurrentParts = ScratchMatrix()
    states = ScratchMatrix()
    outputs = ScratchMatrix()
    hidden = ScratchMatrix()
    logits = ScratchMatrix()
  }

  private static func take(from spare: inout [Distribution], for shape: NetworkShape) -> Distribution? {
    while let found = spare.popLast() {
      if found.count == shape.vocabularySize, found.output.count == shape.outputSize { return found }
    }
    return nil
  }

  /// W x + b, and U h + c added to it or apart.
  private func multiplyInputs(
    _ step: CellStep, _ compact: CompactLayer, _ layer: LayerParameters, input: Matrix, apart: Bool
  ) {
    multiply(compact.input, input, bias: layer.inputBias, into: step.gates, team: team)
    if apart {
      multiply(
        compact.recurrent, step.previousHidden, bias: layer.recurrentBias, into: step.recurrentPart, team: team)
    } else {
      for row in 0..<step.gates.rows { add(layer.recurrentBias, to: step.gates.row(row)) }
      multiply(compact.recurrent, step.previousHidden, accumulate: true, into: step.gates, team: team)
    }
  }

  /// One layer's step, its states changed in place.
  private func step(layer: Int, count: Int, kind: CellKind) -> CellStep {
    let block = layer * kind.stateCount
    let hidden = states.view.rows(block * count..<(block + 1) * count)
    let cells =
      kind.hasCellState ? states.view.rows((block + 1) * count..<(block + 2) * count) : states.view.rows(0..<0)
    return CellStep(
      gates: gates.view, recurrentPart: recurrentParts.view, previousHidden: hidden, hidden: hidden,
      previousCell: cells, cell: cells, hiddenGradient: cells, cellGradient: cells)
  }

  private func load(_ values: [HiddenState], shape: NetworkShape) {
    let blockCount = shape.layerCount * shape.cell.stateCount
    let size = shape.hiddenSize
    states.reshape(rows: blockCount * values.count, columns: size)
    for (row, state) in values.enumerated() {
      precondition(state.values.count == HiddenState.count(for: shape), "Predictor: state of another network")
      for block in 0..<blockCount {
        states.view.row(block * values.count + row).copy(from: state.values[block * size..<(block + 1) * size])
      }
    }
  }

  private func store(into values: inout [HiddenState], shape: NetworkShape) {
    for row in values.indices {
      for block in 0..<shape.layerCount * shape.cell.stateCount {
        states.view.row(block * values.count + row).copy(to: &values[row].values, at: block * shape.hiddenSize)
      }
    }
  }

  /// What the output layer reads: the top layer's h, through the projection if there is one.
  private func outputs(of states: [HiddenState], with weights: ServedWeights) -> Matrix {
    let shape = weights.shape
    let start = (shape.layerCount - 1) * shape.cell.stateCount * shape.hiddenSize
    hidden.reshape(rows: states.count, columns: shape.hiddenSize)
    for (row, state) in states.enumerated() {
      precondition(state.values.count == HiddenState.count(for: shape), "Predictor: state of another network")
      hidden.view.row(row).copy(from: state.values[start..<start + shape.hiddenSize])
    }
    guard let projection = weights.compact.projection, let bias = weights.snapshot.parameters.projection?.bias else {
      return hidden.view
    }
    outputs.reshape(rows: states.count, columns: shape.outputSize)
    multiply(projection, hidden.view, bias: bias, into: outputs.view, team: team)
    return outputs.view
  }
}
