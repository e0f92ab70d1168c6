/// Adds a multiple of one vector to another, in place.
///
///     target[i] += scale · source[i]
///
/// - Precondition: `source.count == target.count`.
/// - Complexity: O(`target.count`); allocates nothing.
package func addScaled(_ scale: Float, _ source: Vector, to target: Vector) {
  precondition(source.count == target.count, "addScaled: counts differ")
  Reference.addScaled(scale, source, to: target)
}

/// Adds one vector to another, in place: `target[i] += source[i]`.
///
/// - Precondition: `source.count == target.count`.
package func add(_ source: Vector, to target: Vector) {
  addScaled(1, source, to: target)
}

/// Multiplies every number by a factor, in place: `target[i] *= factor`.
package func scale(_ target: Vector, by factor: Float) {
  Reference.scale(target, by: factor)
}

/// The scalar product `Σ a[i] · b[i]`, summed in a fixed order.
///
/// - Precondition: `a.count == b.count`.
package func dot(_ a: Vector, _ b: Vector) -> Float {
  precondition(a.count == b.count, "dot: counts differ")
  return Reference.dot(a, b)
}

/// The sum `Σ values[i]`, in double precision and a fixed order.
package func sum(_ values: Vector) -> Double {
  Reference.sum(values)
}

/// The squared Euclidean norm `Σ values[i]²`, in double precision and a fixed order.
///
/// It is finite exactly if every number is: no square of a `Float` overflows a `Double`.
package func sumOfSquares(_ values: Vector, team: ThreadTeam) -> Double {
  Reference.sumOfSquares(values)
}

/// The greatest number: -∞ of none, NaN if one of them is NaN.
package func maximum(_ values: Vector) -> Float {
  Reference.maximum(values)
}

/// Limits every number to [-`limit`, `limit`], in place; NaN stays NaN.
///
/// - Precondition: `limit` is not negative.
package func clip(_ target: Vector, toMagnitude limit: Float) {
  precondition(limit >= 0, "clip: negative limit")
  Reference.clip(target, toMagnitude: limit)
}

/// Replaces every number by its exponential: `target[i] = e^target[i]`, to a relative error under 10⁻⁶.
///
/// Results under the smallest normal number are zero, over the greatest +∞; NaN stays NaN.
package func exponential(_ target: Vector) {
  Reference.exponential(target)
}

/// Replaces every number by its logistic function: `target[i] = 1 / (1 + e^-target[i])`, to a relative error under
/// 10⁻⁶.
package func sigmoid(_ target: Vector) {
  Reference.sigmoid(target)
}

/// Replaces every number by its hyperbolic tangent, to a relative error under 10⁻⁶.
package func hyperbolicTangent(_ target: Vector) {
  Reference.hyperbolicTangent(target)
}
