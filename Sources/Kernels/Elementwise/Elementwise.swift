/// Adds a multiple of one vector to another, in place.
///
///     target[i] += scale · source[i]
///
/// - Precondition: `source.count == target.count`.
/// - Complexity: O(`target.count`); allocates nothing.
package func addScaled(_ scale: Float, _ source: Vector, to target: Vector) {
  precondition(source.count == target.count, "addScaled: counts differ")
  withExtendedLifetime((source, target)) {
    forEachLanes(target.count) { index, width in
      let sum = unsafe target.start.lanes(at: index, count: width)
        .plusProduct(Lanes(repeating: scale), source.start.lanes(at: index, count: width))
      unsafe target.start.set(sum, at: index, count: width)
    }
  }
}

/// Adds one vector to another, in place: `target[i] += source[i]`.
///
/// - Precondition: `source.count == target.count`.
package func add(_ source: Vector, to target: Vector) {
  addScaled(1, source, to: target)
}

/// Multiplies every number by a factor, in place: `target[i] *= factor`.
package func scale(_ target: Vector, by factor: Float) {
  transform(target) { $0 * factor }
}

/// Limits every number to [-`limit`, `limit`], in place; NaN stays NaN.
///
/// - Precondition: `limit` is not negative.
package func clip(_ target: Vector, toMagnitude limit: Float) {
  precondition(limit >= 0, "clip: negative limit")
  transform(target) { $0.smaller(Lanes(repeating: limit)).greater(Lanes(repeating: -limit)) }
}

/// Replaces every number by its exponential: `target[i] = e^target[i]`, to a relative error under 10⁻⁶.
///
/// Results beyond the range of `Float` are zero or +∞; NaN stays NaN.
package func exponential(_ target: Vector) {
  transform(target) { exponential($0) }
}

/// Replaces every number by its logistic function: `target[i] = 1 / (1 + e^-target[i])`, to a relative error under
/// 10⁻⁶.
package func sigmoid(_ target: Vector) {
  transform(target) { sigmoid($0) }
}

/// Replaces every number by its hyperbolic tangent, to a relative error under 10⁻⁶.
package func hyperbolicTangent(_ target: Vector) {
  transform(target) { hyperbolicTangent($0) }
}

/// Replaces every number by a function of it.
@inline(__always)
func transform(_ target: Vector, _ function: (Lanes) -> Lanes) {
  withExtendedLifetime(target) {
    forEachLanes(target.count) { index, width in
      unsafe target.start.set(function(target.start.lanes(at: index, count: width)), at: index, count: width)
    }
  }
}
