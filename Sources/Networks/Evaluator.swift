package import Kernels

/// Reads: advances hidden states by tokens and tells what may follow, with whatever weights it is handed.
///
/// It owns only scratch memory. Not `Sendable`: each thread has one of its own. Every token must be in the snapshot's
/// vocabulary and every state fit its shape; `contains(_:)` asks beforehand.
package final class Evaluator {
  private let team: ThreadTeam
  /// Passes over many tokens, for the shape met last.
  private var pass: NetworkPass?
  /// One token's sums, and U h + c where a cell keeps it apart; `[1, G·H]`.
  private var gates = ScratchMatrix()
  private var recurrentPart = ScratchMatrix()
  /// Every layer's states while a token is read; `[2·L, H]`.
  private var states = ScratchMatrix()
  /// A projection's result, `[1, E]`, and logits, `[1, V]`.
  private var projected = ScratchMatrix()
  private var logits = ScratchMatrix()

  /// How many tokens one pass reads, so that its memory stays small.
  private static let passLength = 128

  /// - Parameter team: The threads that compute; the caller's alone when left out.
  package init(team: ThreadTeam = ThreadTeam()) {
    self.team = team
  }

  /// Reads one token.
  ///
  /// - Complexity: one pass over the recurrent weights; allocates nothing once it has met the shape.
  package func advance(_ state: inout HiddenState, by token: TokenID, with weights: WeightsSnapshot) {
    let parameters = weights.parameters
    let shape = weights.shape
    precondition(state.values.count == HiddenState.count(for: shape), "Evaluator: state of another network")
    precondition(token >= 0 && Int(token) < shape.vocabularySize, "Evaluator: token out of range")
    states.reshape(rows: shape.layerCount * shape.cell.stateCount, columns: shape.hiddenSize)
    states.view.all.copy(from: state.values)
    gates.reshape(rows: 1, columns: shape.gateRowCount)
    recurrentPart.reshape(rows: 1, columns: shape.gateRowCount)
    var input = parameters.encoder.row(Int(token))
    let cell = shape.cell.mathematics
    for (index, layer) in parameters.layers.enumerated() {
      input = advance(layer: layer, index: index, kind: shape.cell, cell: cell, input: input)
    }
    states.view.all.copy(to: &state.values)
  }

  /// Reads tokens, the input products of many at a time.
  package func advance(_ state: inout HiddenState, by tokens: ArraySlice<TokenID>, with weights: WeightsSnapshot) {
    if tokens.count == 1, let token = tokens.first { return advance(&state, by: token, with: weights) }
    forEachPass(over: tokens, state: &state, weights: weights) { _, _ in }
  }

  /// The log-probability of every token of the vocabulary to come next, in nats.
  ///
  /// - Parameter result: Receives one number a token; resized if need be.
  package func logProbabilities(after state: HiddenState, with weights: WeightsSnapshot, into result: inout [Float]) {
    let parameters = weights.parameters
    let shape = weights.shape
    precondition(state.values.count == HiddenState.count(for: shape), "Evaluator: state of another network")
    states.reshape(rows: shape.layerCount * shape.cell.stateCount, columns: shape.hiddenSize)
    states.view.all.copy(from: state.values)
    var output = states.view.row((shape.layerCount - 1) * shape.cell.stateCount)
    if let projection = parameters.projection {
      projected.reshape(rows: 1, columns: shape.embeddingSize)
      multiply(projection.weights, output, bias: projection.bias, into: projected.view.row(0))
      output = projected.view.row(0)
    }
    logits.reshape(rows: 1, columns: shape.vocabularySize)
    multiply(parameters.decoder.weights, output, bias: parameters.decoder.bias, into: logits.view.row(0))
    logSoftmax(logits.view.row(0), into: logits.view.row(0))
    if result.count != shape.vocabularySize { result = [Float](repeating: 0, count: shape.vocabularySize) }
    logits.view.row(0).copy(to: &result)
  }

  /// The log-probability of each token given the state and the tokens before it, in nats.
  ///
  /// - Parameter state: The state before the first token; on return that after the last.
  package func score(
    _ tokens: ArraySlice<TokenID>, from state: inout HiddenState, with weights: WeightsSnapshot
  ) -> [Float] {
    var scores: [Float] = []
    guard let first = tokens.first else { return scores }
    scores.reserveCapacity(tokens.count)
    var distribution: [Float] = []
    logProbabilities(after: state, with: weights, into: &distribution)
    precondition(first >= 0 && Int(first) < distribution.count, "Evaluator: token out of range")
    scores.append(distribution[Int(first)])
    let followed = tokens.dropLast()
    forEachPass(over: followed, state: &state, weights: weights) { pass, range in
      let targets = Array(tokens[range.lowerBound + 1..<range.upperBound + 1])
      pass.appendLogProbabilities(of: targets, weights: weights.parameters, to: &scores, team: team)
    }
    if let last = tokens.last { advance(&state, by: last, with: weights) }
    return scores
  }

  /// Gives back memory that only makes the next call quicker.
  package func releaseWorkspace() {
    pass = nil
    gates = ScratchMatrix()
    recurrentPart = ScratchMatrix()
    states = ScratchMatrix()
    projected = ScratchMatrix()
    logits = ScratchMatrix()
  }

  /// One layer's step, its states changed in place; returns its h, the next layer's input.
  private func advance(
    layer: LayerParameters, index: Int, kind: CellKind, cell: any RecurrentCell, input: Vector
  ) -> Vector {
    let stateRow = index * kind.stateCount
    let hidden = states.view.rows(stateRow..<stateRow + 1)
    let cells = kind.hasCellState ? states.view.rows(stateRow + 1..<stateRow + 2) : states.view.rows(0..<0)
    multiply(layer.inputWeights, input, bias: layer.inputBias, into: gates.view.row(0))
    if cell.keepsRecurrentPartApart {
      multiply(layer.recurrentWeights, hidden.row(0), bias: layer.recurrentBias, into: recurrentPart.view.row(0))
    } else {
      add(layer.recurrentBias, to: gates.view.row(0))
      multiply(layer.recurrentWeights, hidden.row(0), accumulate: true, into: gates.view.row(0))
    }
    cell.forward(
      CellStep(
        gates: gates.view, recurrentPart: recurrentPart.view, previousHidden: hidden, hidden: hidden,
        previousCell: cells, cell: cells, hiddenGradient: cells, cellGradient: cells), team: team)
    return hidden.row(0)
  }

  /// Runs tokens forward piece by piece and shows each piece's pass and range to `body`.
  private func forEachPass(
    over tokens: ArraySlice<TokenID>, state: inout HiddenState, weights: WeightsSnapshot,
    _ body: (NetworkPass, Range<Int>) -> Void
  ) {
    guard !tokens.isEmpty else { return }
    let size = weights.shape.vocabularySize
    precondition(tokens.allSatisfy { $0 >= 0 && Int($0) < size }, "Evaluator: token out of range")
    let pass = pass(for: weights.shape)
    var states = [state]
    for start in stride(from: tokens.startIndex, to: tokens.endIndex, by: Self.passLength) {
      let range = start..<min(start + Self.passLength, tokens.endIndex)
      pass.forward(
        inputs: tokens[range], batchSize: 1, from: states, weights: weights.parameters, dropoutKey: nil, team: team)
      pass.store(into: &states)
      body(pass, range)
    }
    state = states[0]
  }

  private func pass(for shape: NetworkShape) -> NetworkPass {
    if let pass, pass.fits(shape) { return pass }
    let new = NetworkPass(shape: shape)
    pass = new
    return new
  }
}

extension WeightsSnapshot {
  /// Whether the vocabulary has a token.
  package func contains(_ token: TokenID) -> Bool { token >= 0 && Int(token) < shape.vocabularySize }
}
