/// What an Elman network applies to its sums.
package enum Nonlinearity: Sendable {
  case tanh
  case relu
}

/// One time step of an Elman network after its matrix products, for a batch.
///
///     h′ = tanh(preActivations)        or  h′ = max(0, preActivations)
///
/// Source: Elman 1990, in PyTorch's form.
///
/// - Parameters:
///   - preActivations: W x + U h + b, `[batch, hidden]`.
///   - hidden: Receives h′, `[batch, hidden]`; may be the same memory as `preActivations`.
/// - Precondition: the shapes are equal.
package func elmanForward(
  preActivations: Matrix, nonlinearity: Nonlinearity, hidden: Matrix, team: ThreadTeam
) {
  checkGates(preActivations, count: 1, hidden)
  let work = ElmanForward(preActivations: preActivations, nonlinearity: nonlinearity, hidden: hidden)
  team.run(work, count: hidden.rows, grain: 4 * gateGrain(hidden))
}

/// The backward pass of `elmanForward`.
///
/// - Parameters:
///   - hidden: h′, as the forward pass left it.
///   - hiddenGradient: ∂L/∂h′, all of it.
///   - preActivationGradient: Receives the loss's gradient with respect to W x + U h + b; may be the same memory as
///     either of the others.
/// - Precondition: the shapes are equal.
package func elmanBackward(
  hidden: Matrix, hiddenGradient: Matrix, nonlinearity: Nonlinearity, into preActivationGradient: Matrix,
  team: ThreadTeam
) {
  checkGates(hidden, count: 1, hiddenGradient, preActivationGradient)
  let work = ElmanBackward(
    hidden: hidden, hiddenGradient: hiddenGradient, nonlinearity: nonlinearity, result: preActivationGradient)
  team.run(work, count: hidden.rows, grain: 8 * gateGrain(hidden))
}

private struct ElmanForward: TeamWork {
  let preActivations: Matrix
  let nonlinearity: Nonlinearity
  let hidden: Matrix

  func run(_ rows: Range<Int>, scratch: Scratch) {
    for row in rows {
      let source = unsafe preActivations.start + row * preActivations.rowStride
      let target = unsafe hidden.start + row * hidden.rowStride
      forEachLanes(hidden.columns) { unit, width in
        let value = unsafe source.lanes(at: unit, count: width)
        let result =
          switch nonlinearity {
          case .tanh: hyperbolicTangent(value)
          case .relu: value.greater(.zero)
          }
        unsafe target.set(result, at: unit, count: width)
      }
    }
  }
}

private struct ElmanBackward: TeamWork {
  let hidden: Matrix
  let hiddenGradient: Matrix
  let nonlinearity: Nonlinearity
  let result: Matrix

  func run(_ rows: Range<Int>, scratch: Scratch) {
    for row in rows {
      let hidden = unsafe hidden.start + row * hidden.rowStride
      let gradient = unsafe hiddenGradient.start + row * hiddenGradient.rowStride
      let target = unsafe result.start + row * result.rowStride
      forEachLanes(result.columns) { unit, width in
        let value = unsafe hidden.lanes(at: unit, count: width)
        let slope = unsafe gradient.lanes(at: unit, count: width)
        let passed =
          switch nonlinearity {
          case .tanh: slope * (1 - value * value)
          case .relu: Lanes.zero.replacing(with: slope, where: value .> 0)
          }
        unsafe target.set(passed, at: unit, count: width)
      }
    }
  }
}
