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
/// - Precondition: `probability` is in range; no index exceeds 2³².
package func applyDropout(probability: Double, key: UInt64, firstIndex: Int = 0, to target: Vector) {
  precondition(probability >= 0 && probability < 1, "applyDropout: probability out of range")
  precondition(firstIndex >= 0 && target.count <= Int(UInt32.max) - firstIndex, "applyDropout: index out of range")
  guard probability > 0 else { return }
  let choice = DropoutChoice(probability: probability, key: key)
  withExtendedLifetime(target) {
    forEachLanes(target.count) { index, width in
      let indices =
        SIMD16<UInt32>(truncatingIfNeeded: laneNumbers) &+ UInt32(truncatingIfNeeded: firstIndex &+ index)
      let scaled = unsafe target.start.lanes(at: index, count: width) * choice.scale
      let isKept = choice.keeps(indices)
      unsafe target.start.set(Lanes.zero.replacing(with: scaled, where: isKept), at: index, count: width)
    }
  }
}

/// A pass's random choices: a number stays if its index, scrambled, reaches the threshold.
struct DropoutChoice {
  /// `probability` as a part of 2³¹.
  private let threshold: Int32
  /// 1 / (1 - probability).
  let scale: Float
  private let lowKey: UInt32
  private let highKey: UInt32

  init(probability: Double, key: UInt64) {
    threshold = Int32(min((probability * 0x1p31).rounded(.down), 0x7FFF_FFFF))
    scale = Float(1 / (1 - probability))
    let mixed = SplitMix64.mix(key)
    lowKey = UInt32(truncatingIfNeeded: mixed)
    highKey = UInt32(truncatingIfNeeded: mixed >> 32)
  }

  /// Which of the numbers at these indices stay.
  @inline(__always)
  func keeps(_ indices: SIMD16<UInt32>) -> SIMDMask<SIMD16<Int32>> {
    let bits = unsafe unsafeBitCast(scrambled(indices) &>> 1, to: SIMD16<Int32>.self)
    return bits .>= SIMD16(repeating: threshold)
  }

  /// A one-to-one scrambling of indices, of which every key makes another: multiplications by odd numbers carry each bit
  /// upwards, shifts bring it down again.
  @inline(__always)
  private func scrambled(_ indices: SIMD16<UInt32>) -> SIMD16<UInt32> {
    var bits = (indices ^ lowKey) &* 0x9E37_79B1
    bits = (bits ^ (bits &>> 16)) &* 0x7FEB_352D
    bits = (bits ^ highKey ^ (bits &>> 15)) &* 0x846C_A68B
    return bits ^ (bits &>> 16)
  }
}
