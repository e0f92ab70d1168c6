/// What the kernels compute with: one 512-bit register, or as many smaller ones as the processor needs for 16 numbers.
///
/// It never crosses the module's boundary: modules compiled for different processors pass it differently.
typealias Lanes = SIMD16<Float>

/// How many numbers `Lanes` holds.
let laneCount = 16

extension UnsafePointer<Float> {
  /// The 16 numbers from `index` on, which need no alignment.
  @inline(__always)
  func lanes(at index: Int) -> Lanes {
    unsafe UnsafeRawPointer(self + index).loadUnaligned(as: Lanes.self)
  }

  /// The first `count` of 16 numbers from `index` on, then `filler`: the end of a vector.
  @inline(__always)
  func lanes(at index: Int, count: Int, filler: Float = 0) -> Lanes {
    var lanes = Lanes(repeating: filler)
    for lane in 0..<count { unsafe lanes[lane] = self[index &+ lane] }
    return lanes
  }
}

extension UnsafeMutablePointer<Float> {
  /// The 16 numbers from `index` on, which need no alignment.
  @inline(__always)
  func lanes(at index: Int) -> Lanes {
    unsafe UnsafePointer(self).lanes(at: index)
  }

  /// The first `count` of 16 numbers from `index` on, then `filler`: the end of a vector.
  @inline(__always)
  func lanes(at index: Int, count: Int, filler: Float = 0) -> Lanes {
    unsafe UnsafePointer(self).lanes(at: index, count: count, filler: filler)
  }

  /// Sets the 16 numbers from `index` on.
  @inline(__always)
  func set(_ lanes: Lanes, at index: Int) {
    unsafe UnsafeMutableRawPointer(self + index).storeBytes(of: lanes, as: Lanes.self)
  }

  /// Sets the `count` numbers from `index` on to the first of `lanes`.
  @inline(__always)
  func set(_ lanes: Lanes, at index: Int, count: Int) {
    for lane in 0..<count { unsafe self[index &+ lane] = lanes[lane] }
  }
}
