#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Reference {
  /// `target[i] += scale · source[i]`.
  package static func addScaled(_ scale: Float, _ source: Vector, to target: Vector) {
    for index in 0..<target.count { target[index] += scale * source[index] }
  }

  /// `target[i] *= factor`.
  package static func scale(_ target: Vector, by factor: Float) {
    for index in 0..<target.count { target[index] *= factor }
  }

  /// `Σ a[i] · b[i]`.
  package static func dot(_ a: Vector, _ b: Vector) -> Float {
    var sum = 0.0
    for index in 0..<a.count { sum += Double(a[index]) * Double(b[index]) }
    return Float(sum)
  }

  /// `Σ values[i]`.
  package static func sum(_ values: Vector) -> Double {
    var sum = 0.0
    for index in 0..<values.count { sum += Double(values[index]) }
    return sum
  }

  /// `Σ values[i]²`.
  package static func sumOfSquares(_ values: Vector) -> Double {
    var sum = 0.0
    for index in 0..<values.count { sum += Double(values[index]) * Double(values[index]) }
    return sum
  }

  /// The greatest value; -∞ of none, NaN if one is NaN.
  package static func maximum(_ values: Vector) -> Float {
    var greatest = -Float.infinity
    for index in 0..<values.count {
      if values[index].isNaN { return .nan }
      greatest = max(greatest, values[index])
    }
    return greatest
  }

  /// Limits every value to [-`limit`, `limit`]; NaN stays.
  package static func clip(_ target: Vector, toMagnitude limit: Float) {
    for index in 0..<target.count {
      if target[index] > limit { target[index] = limit }
      if target[index] < -limit { target[index] = -limit }
    }
  }

  /// `target[i] = e^target[i]`.
  package static func exponential(_ target: Vector) {
    for index in 0..<target.count { target[index] = Float(exp(Double(target[index]))) }
  }

  /// `target[i] = 1 / (1 + e^-target[i])`.
  package static func sigmoid(_ target: Vector) {
    for index in 0..<target.count { target[index] = sigmoid(target[index]) }
  }

  /// `target[i] = tanh(target[i])`.
  package static func hyperbolicTangent(_ target: Vector) {
    for index in 0..<target.count { target[index] = hyperbolicTangent(target[index]) }
  }

  static func sigmoid(_ value: Float) -> Float { Float(1 / (1 + exp(-Double(value)))) }

  static func hyperbolicTangent(_ value: Float) -> Float { Float(tanh(Double(value))) }
}
