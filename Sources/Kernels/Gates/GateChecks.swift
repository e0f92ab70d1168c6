/// Checks that the states have one shape `[batch, hidden]` and the gates are `[batch, count · hidden]`.
@inline(__always)
func checkGates(
  _ gates: Matrix, count: Int, _ state: Matrix, _ second: Matrix? = nil, _ third: Matrix? = nil,
  _ fourth: Matrix? = nil
) {
  precondition(gates.rows == state.rows && gates.columns == count * state.columns, "gates: shapes do not fit")
  checkStates(state, second)
  checkStates(state, third)
  checkStates(state, fourth)
}

@inline(__always)
private func checkStates(_ state: Matrix, _ other: Matrix?) {
  guard let other else { return }
  precondition(other.rows == state.rows && other.columns == state.columns, "gates: states' shapes differ")
}

/// How many rows of gates are worth a thread: some 1,500 units.
func gateGrain(_ states: Matrix) -> Int {
  max(1, 1500 / max(1, states.columns))
}
