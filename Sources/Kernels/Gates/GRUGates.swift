/// One time step of a gated recurrent unit after its matrix products, for a batch.
///
///     r = σ(gates_r + recurrent_r)
///     z = σ(gates_z + recurrent_z)
///     n = tanh(gates_n + r ⊙ recurrent_n)
///     h′ = (1 − z) ⊙ n + z ⊙ h
///
/// Source: Cho et al. 2014, in PyTorch's variant (`r` acts after the recurrent product).
///
/// - Parameters:
///   - gates: `[batch, 3 · hidden]`, columns in the order r, z, n. Holds the input part W x + b on entry; on return the
///     activated gates, which the backward pass needs.
///   - recurrentPart: U h + c, `[batch, 3 · hidden]`; left as it is, and needed by the backward pass.
///   - previousHidden: h, `[batch, hidden]`.
///   - hidden: Receives h′, `[batch, hidden]`; may be the same memory as `previousHidden` where no backward pass follows.
/// - Precondition: the shapes fit; views overlap only as said.
package func gruForward(
  gates: Matrix, recurrentPart: Matrix, previousHidden: Matrix, hidden: Matrix, team: ThreadTeam
) {
  checkGates(gates, count: 3, previousHidden, hidden)
  checkGates(recurrentPart, count: 3, hidden)
  let work = GRUForward(gates: gates, recurrentPart: recurrentPart, previousHidden: previousHidden, hidden: hidden)
  team.run(work, count: hidden.rows, grain: gateGrain(hidden))
}

/// The backward pass of `gruForward`.
///
/// - Parameters:
///   - gates: The activated gates of the forward pass; on return the loss's gradient with respect to the input part.
///   - recurrentPart: As in the forward pass; on return the loss's gradient with respect to it.
///   - previousHidden: h, as in the forward pass.
///   - hiddenGradient: ∂L/∂h′, all of it; on return the part of ∂L/∂h that does not pass through `recurrentPart`.
/// - Precondition: the shapes fit; no two views overlap.
package func gruBackward(
  gates: Matrix, recurrentPart: Matrix, previousHidden: Matrix, hiddenGradient: Matrix, team: ThreadTeam
) {
  checkGates(gates, count: 3, previousHidden, hiddenGradient)
  checkGates(recurrentPart, count: 3, previousHidden)
  let work = GRUBackward(
    gates: gates, recurrentPart: recurrentPart, previousHidden: previousHidden, hiddenGradient: hiddenGradient)
  team.run(work, count: previousHidden.rows, grain: gateGrain(previousHidden))
}

private struct GRUForward: TeamWork {
  let gates: Matrix
  let recurrentPart: Matrix
  let previousHidden: Matrix
  let hidden: Matrix

  func run(_ rows: Range<Int>, scratch: Scratch) {
    let size = hidden.columns
    for row in rows {
      let gates = unsafe gates.start + row * gates.rowStride
      let recurrent = unsafe recurrentPart.start + row * recurrentPart.rowStride
      let previousHidden = unsafe previousHidden.start + row * previousHidden.rowStride
      let hidden = unsafe hidden.start + row * hidden.rowStride
      forEachLanes(size) { unit, width in
        let (update, new) = (size &+ unit, 2 &* size &+ unit)
        let resetGate = unsafe sigmoid(
          gates.lanes(at: unit, count: width) + recurrent.lanes(at: unit, count: width))
        let updateGate = unsafe sigmoid(
          gates.lanes(at: update, count: width) + recurrent.lanes(at: update, count: width))
        let candidate = unsafe hyperbolicTangent(
          gates.lanes(at: new, count: width).plusProduct(resetGate, recurrent.lanes(at: new, count: width)))
        unsafe gates.set(resetGate, at: unit, count: width)
        unsafe gates.set(updateGate, at: update, count: width)
        unsafe gates.set(candidate, at: new, count: width)
        let newHidden = unsafe ((1 - updateGate) * candidate)
          .plusProduct(updateGate, previousHidden.lanes(at: unit, count: width))
        unsafe hidden.set(newHidden, at: unit, count: width)
      }
    }
  }
}

private struct GRUBackward: TeamWork {
  let gates: Matrix
  let recurrentPart: Matrix
  let previousHidden: Matrix
  let hiddenGradient: Matrix

  func run(_ rows: Range<Int>, scratch: Scratch) {
    let size = previousHidden.columns
    for row in rows {
      let gates = unsafe gates.start + row * gates.rowStride
      let recurrent = unsafe recurrentPart.start + row * recurrentPart.rowStride
      let previousHidden = unsafe previousHidden.start + row * previousHidden.rowStride
      let hiddenGradient = unsafe hiddenGradient.start + row * hiddenGradient.rowStride
      forEachLanes(size) { unit, width in
        let (update, new) = (size &+ unit, 2 &* size &+ unit)
        let resetGate = unsafe gates.lanes(at: unit, count: width)
        let updateGate = unsafe gates.lanes(at: update, count: width)
        let candidate = unsafe gates.lanes(at: new, count: width)
        let gradient = unsafe hiddenGradient.lanes(at: unit, count: width)
        let toCandidate = gradient * (1 - updateGate) * (1 - candidate * candidate)
        let toUpdate =
          unsafe gradient * (previousHidden.lanes(at: unit, count: width) - candidate) * updateGate * (1 - updateGate)
        let toReset = unsafe toCandidate * recurrent.lanes(at: new, count: width) * resetGate * (1 - resetGate)
        unsafe gates.set(toReset, at: unit, count: width)
        unsafe gates.set(toUpdate, at: update, count: width)
        unsafe gates.set(toCandidate, at: new, count: width)
        unsafe recurrent.set(toReset, at: unit, count: width)
        unsafe recurrent.set(toUpdate, at: update, count: width)
        unsafe recurrent.set(toCandidate * resetGate, at: new, count: width)
        unsafe hiddenGradient.set(gradient * updateGate, at: unit, count: width)
      }
    }
  }
}
