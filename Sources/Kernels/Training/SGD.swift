/// What stochastic gradient descent is told, in the double precision in which PyTorch keeps it.
package struct SGDSettings: Equatable, Sendable {
  package var learningRate: Double
  package var momentum: Double
  package var weightDecay: Double

  package init(learningRate: Double, momentum: Double = 0, weightDecay: Double = 0) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.weightDecay = weightDecay
  }
}

/// One step of stochastic gradient descent with momentum and L2 weight decay, in one pass.
///
///     g = gradient · gradientScale + weightDecay · w
///     m = momentum · m + g                               (with a momentum buffer; else m = g)
///     w = w - learningRate · m
///
/// A zero-filled momentum buffer makes the first step plain, as in PyTorch.
///
/// - Parameters:
///   - weights: Receives the weights.
///   - before: What they were; the same place, or another.
///   - gradientScale: What the gradient is multiplied by as it is read: the factor of clipping.
/// - Precondition: all counts are equal.
package func sgdUpdate(
  weights: Vector, from before: Vector, gradient: Vector, gradientScale: Float = 1, momentumBuffer: Vector?,
  settings: SGDSettings,
  team: ThreadTeam
) {
  precondition(gradient.count == weights.count && before.count == weights.count, "sgdUpdate: counts differ")
  precondition(momentumBuffer == nil || momentumBuffer?.count == weights.count, "sgdUpdate: counts differ")
  let work = SGDWork(
    weights: weights, before: before, gradient: gradient, gradientScale: gradientScale, momentumBuffer: momentumBuffer,
    learningRate: Float(settings.learningRate), momentum: Float(settings.momentum),
    weightDecay: Float(settings.weightDecay))
  team.run(work, count: weights.count, grain: updateGrain)
}

/// How many weights are worth a thread; a multiple of `laneCount`.
let updateGrain = 16_384

private struct SGDWork: TeamWork {
  let weights: Vector
  let before: Vector
  let gradient: Vector
  let gradientScale: Float
  let momentumBuffer: Vector?
  let learningRate: Float
  let momentum: Float
  let weightDecay: Float

  func run(_ items: Range<Int>, scratch: Scratch) {
    let first = items.lowerBound
    let weights = unsafe weights.start + first
    let before = unsafe before.start + first
    let gradient = unsafe gradient.start + first
    if let momentumBuffer {
      let momenta = unsafe momentumBuffer.start + first
      forEachLanes(items.count) { index, width in
        let old = unsafe before.lanes(at: index, count: width)
        let slope = unsafe gradient.lanes(at: index, count: width) * gradientScale
        let step = unsafe (slope.plusProduct(Lanes(repeating: weightDecay), old))
          .plusProduct(Lanes(repeating: momentum), momenta.lanes(at: index, count: width))
        unsafe momenta.set(step, at: index, count: width)
        unsafe weights.set(old.plusProduct(Lanes(repeating: -learningRate), step), at: index, count: width)
      }
    } else {
      forEachLanes(items.count) { index, width in
        let old = unsafe before.lanes(at: index, count: width)
        let slope = unsafe gradient.lanes(at: index, count: width) * gradientScale
        let step = slope.plusProduct(Lanes(repeating: weightDecay), old)
        unsafe weights.set(old.plusProduct(Lanes(repeating: -learningRate), step), at: index, count: width)
      }
    }
  }
}
