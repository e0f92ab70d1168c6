/// One time step of an LSTM after its matrix products, for a batch.
///
///     i, f, o = σ(gates_i), σ(gates_f), σ(gates_o)
///     g = tanh(gates_g)
///     c′ = f ⊙ c + i ⊙ g
///     h′ = o ⊙ tanh(c′)
///
/// Source: Hochreiter and Schmidhuber 1997 with Gers's forget gate, in PyTorch's order of gates.
///
/// - Parameters:
///   - gates: `[batch, 4 · hidden]`, columns in the order i, f, g, o. Holds W x + U h + b on entry; on return the
///     activated gates, which the backward pass needs.
///   - previousCell: c, `[batch, hidden]`.
///   - cell: Receives c′, `[batch, hidden]`; may be the same memory as `previousCell` where no backward pass follows.
///   - hidden: Receives h′, `[batch, hidden]`.
/// - Precondition: the shapes fit; views overlap only as said.
package func lstmForward(gates: Matrix, previousCell: Matrix, cell: Matrix, hidden: Matrix, team: ThreadTeam) {
  checkGates(gates, count: 4, previousCell, cell, hidden)
  let work = LSTMForward(gates: gates, previousCell: previousCell, cell: cell, hidden: hidden)
  team.run(work, count: hidden.rows, grain: gateGrain(hidden))
}

/// The backward pass of `lstmForward`.
///
/// - Parameters:
///   - gates: The activated gates of the forward pass; on return the loss's gradient with respect to W x + U h + b.
///   - previousCell: c, as in the forward pass.
///   - cell: c′, as the forward pass left it.
///   - hiddenGradient: ∂L/∂h′, all of it: from the layer above and from the next time step.
///   - cellGradient: ∂L/∂c′ from the next time step (zero at the last); on return ∂L/∂c.
/// - Precondition: the shapes fit; no two views overlap.
package func lstmBackward(
  gates: Matrix, previousCell: Matrix, cell: Matrix, hiddenGradient: Matrix, cellGradient: Matrix, team: ThreadTeam
) {
  checkGates(gates, count: 4, previousCell, cell, hiddenGradient, cellGradient)
  let work = LSTMBackward(
    gates: gates, previousCell: previousCell, cell: cell, hiddenGradient: hiddenGradient, cellGradient: cellGradient)
  team.run(work, count: cell.rows, grain: gateGrain(cell))
}

private struct LSTMForward: TeamWork {
  let gates: Matrix
  let previousCell: Matrix
  let cell: Matrix
  let hidden: Matrix

  func run(_ rows: Range<Int>, scratch: Scratch) {
    let size = hidden.columns
    for row in rows {
      let gates = unsafe gates.start + row * gates.rowStride
      let previousCell = unsafe previousCell.start + row * previousCell.rowStride
      let cell = unsafe cell.start + row * cell.rowStride
      let hidden = unsafe hidden.start + row * hidden.rowStride
      forEachLanes(size) { unit, width in
        let inputGate = unsafe sigmoid(gates.lanes(at: unit, count: width))
        let forgetGate = unsafe sigmoid(gates.lanes(at: size &+ unit, count: width))
        let candidate = unsafe hyperbolicTangent(gates.lanes(at: 2 &* size &+ unit, count: width))
        let outputGate = unsafe sigmoid(gates.lanes(at: 3 &* size &+ unit, count: width))
        let newCell = unsafe (inputGate * candidate)
          .plusProduct(forgetGate, previousCell.lanes(at: unit, count: width))
        unsafe gates.set(inputGate, at: unit, count: width)
        unsafe gates.set(forgetGate, at: size &+ unit, count: width)
        unsafe gates.set(candidate, at: 2 &* size &+ unit, count: width)
        unsafe gates.set(outputGate, at: 3 &* size &+ unit, count: width)
        unsafe cell.set(newCell, at: unit, count: width)
        unsafe hidden.set(outputGate * hyperbolicTangent(newCell), at: unit, count: width)
      }
    }
  }
}

private struct LSTMBackward: TeamWork {
  let gates: Matrix
  let previousCell: Matrix
  let cell: Matrix
  let hiddenGradient: Matrix
  let cellGradient: Matrix

  func run(_ rows: Range<Int>, scratch: Scratch) {
    let size = cell.columns
    for row in rows {
      let gates = unsafe gates.start + row * gates.rowStride
      let previousCell = unsafe previousCell.start + row * previousCell.rowStride
      let cell = unsafe cell.start + row * cell.rowStride
      let hiddenGradient = unsafe hiddenGradient.start + row * hiddenGradient.rowStride
      let cellGradient = unsafe cellGradient.start + row * cellGradient.rowStride
      forEachLanes(size) { unit, width in
        let inputGate = unsafe gates.lanes(at: unit, count: width)
        let forgetGate = unsafe gates.lanes(at: size &+ unit, count: width)
        let candidate = unsafe gates.lanes(at: 2 &* size &+ unit, count: width)
        let outputGate = unsafe gates.lanes(at: 3 &* size &+ unit, count: width)
        let cellTanh = unsafe hyperbolicTangent(cell.lanes(at: unit, count: width))
        let fromHidden = unsafe hiddenGradient.lanes(at: unit, count: width)
        let toCell = unsafe cellGradient.lanes(at: unit, count: width)
          .plusProduct(fromHidden * outputGate, 1 - cellTanh * cellTanh)
        let toForget = unsafe toCell * previousCell.lanes(at: unit, count: width) * forgetGate * (1 - forgetGate)
        unsafe gates.set(toCell * candidate * inputGate * (1 - inputGate), at: unit, count: width)
        unsafe gates.set(toForget, at: size &+ unit, count: width)
        unsafe gates.set(toCell * inputGate * (1 - candidate * candidate), at: 2 &* size &+ unit, count: width)
        unsafe gates.set(
          fromHidden * cellTanh * outputGate * (1 - outputGate), at: 3 &* size &+ unit, count: width)
        unsafe cellGradient.set(toCell * forgetGate, at: unit, count: width)
      }
    }
  }
}
