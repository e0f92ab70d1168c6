import CSystem

/// What a product multiplies with. Its operands, its result and its sums are single precision in any case.
package enum ProductPrecision: String, CaseIterable, Sendable {
  /// Every number as it is.
  case single = "fp32"
  /// The operands rounded to bfloat16 (8 bits of precision) as they are packed: half the memory to read, and two
  /// multiply-adds in the time of one where the processor has the instruction. Elsewhere it is worked out in single
  /// precision, and slower.
  case bfloat16 = "bf16"

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
