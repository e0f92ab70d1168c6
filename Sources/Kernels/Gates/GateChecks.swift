/// Checks that the states have one shape `[batch, hidden]` and the gates are `[batch, count · hidden]`.
@inline(__always)
func checkGates(_ gates: Matrix, count: Int, _ states: Matrix...) {
  for state in states {
    precondition(gates.rows == state.rows && gates.columns == count * state.columns, "gates: shapes do not fit")
  }
}

/// How many rows of gates are worth a thread: some 1,500 units.
func gateGrain(_ states: Matrix) -> Int {
  max(1, 1500 / max(1, states.columns))
}
