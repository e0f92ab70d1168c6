import CSystem

/// What a product multiplies with. Its operands, its result and its sums are single precision in any case.
package enum ProductPrecision: Sendable {
  /// Every number as it is.
  case single
  /// The operands rounded to bfloat16 (8 bits of precision) as they are packed: half the memory to read, and two
  /// multiply-adds in the time of one where the processor has the instruction.
  case bfloat16

  /// Whether this processor, and what the kernels were compiled for, makes bfloat16 the faster choice.
  package static var hasFastBFloat16: Bool { rnnd_has_pair_products() != 0 }

  /// How many steps of a tile's sums a depth takes.
  @inline(__always)
  func stepCount(depth: Int) -> Int {
    switch self {
    case .single: depth
    case .bfloat16: (depth + 1) / 2
    }
  }
}
