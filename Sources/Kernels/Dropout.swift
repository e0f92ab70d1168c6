/// Drops numbers out at random and scales up those that stay, in place.
///
///     target[i] = kept(key, firstIndex + i) ? target[i] / (1 - probability) : 0
///
/// Whether a number is kept is a function of `key` and its index alone, so that the backward pass, called with the same
/// `key` and index on the gradient, repeats the forward pass's choice: no mask is stored.
///
/// - Parameters:
///   - probability: Of dropping a number, from 0 up to but not including 1.
///   - key: What names this pass: a fresh one for every layer and update.
///   - firstIndex: The index of the first number, where a pass is made in parts.
/// - Precondition: `probability` is in range.
package func applyDropout(probability: Double, key: UInt64, firstIndex: UInt64 = 0, to target: Vector) {
  precondition(probability >= 0 && probability < 1, "applyDropout: probability out of range")
  guard probability > 0 else { return }
  Reference.applyDropout(probability: probability, key: key, firstIndex: firstIndex, to: target)
}

/// A pass's random choices: a number is dropped if its index, scrambled, falls under the threshold.
struct DropoutFactors {
  /// `probability` as a part of 2³².
  let threshold: UInt32
  /// 1 / (1 - probability).
  let scale: Float
  let lowKey: UInt32
  let highKey: UInt32

  init(probability: Double, key: UInt64) {
    threshold = UInt32((probability * 0x1p32).rounded(.down))
    scale = Float(1 / (1 - probability))
    let mixed = SplitMix64.mix(key)
    lowKey = UInt32(truncatingIfNeeded: mixed)
    highKey = UInt32(truncatingIfNeeded: mixed >> 32)
  }

  /// Whether the number at `index` stays.
  func keeps(_ index: UInt64) -> Bool {
    var bits = (UInt32(truncatingIfNeeded: index) ^ lowKey) &* 0x9E37_79B1
    bits = (bits ^ (bits >> 16)) &* 0x7FEB_352D
    bits = bits ^ highKey ^ UInt32(truncatingIfNeeded: index >> 32)
    bits = (bits ^ (bits >> 15)) &* 0x846C_A68B
    return bits ^ (bits >> 16) >= threshold
  }
}
