/// A small deterministic generator of random numbers: the same seed gives the same numbers on every machine.
///
/// Source: Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators".
package struct SplitMix64: RandomNumberGenerator, Equatable, Sendable {
  /// All there is to it: save it to go on later where it stopped.
  package private(set) var state: UInt64

  package init(seed: UInt64) {
    state = seed
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mix(state)
  }

  /// The next number, uniform in [0, 1): a multiple of 2⁻²⁴.
  package mutating func nextUniform() -> Float {
    Float(next() >> 40) * 0x1p-24
  }

  /// The next number, uniform in [-`bound`, `bound`).
  package mutating func nextUniform(within bound: Float) -> Float {
    (2 * nextUniform() - 1) * bound
  }

  /// A one-to-one scrambling of 64 bits in which every input bit moves every output bit.
  package static func mix(_ bits: UInt64) -> UInt64 {
    var bits = bits
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
}
