/// What a figure must reach, by its value or by its ratio.
package struct Target: Equatable, Sendable {
  package enum Quantity: String, Sendable {
    case value, ratio
  }

  package enum Bound: String, Sendable {
    case atLeast, atMost
  }

  package let quantity: Quantity
  package let bound: Bound
  package let limit: Double
  /// How the limit came about where it was measured, too: `echo + 60 µs`.
  package let origin: String?

  static func value(_ bound: Bound, _ limit: Double, origin: String? = nil) -> Target {
    Target(quantity: .value, bound: bound, limit: limit, origin: origin)
  }

  static func ratio(_ bound: Bound, _ limit: Double) -> Target {
    Target(quantity: .ratio, bound: bound, limit: limit, origin: nil)
  }

  /// Whether a number is within the bound; NaN never is.
  func allows(_ number: Double) -> Bool {
    switch bound {
    case .atLeast: number >= limit
    case .atMost: number <= limit
    }
  }
}
