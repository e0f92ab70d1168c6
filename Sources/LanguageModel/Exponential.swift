#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Double {
  /// e to this power.
  var exponential: Double { exp(self) }

  /// ln 2: nats in a bit.
  static var bit: Double { M_LN2 }
}

extension Float {
  /// e to this power.
  var exponential: Float { exp(self) }
}
