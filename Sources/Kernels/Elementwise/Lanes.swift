import CSystem

/// What the kernels compute with: one 512-bit register, or as many smaller ones as the processor needs for 16 numbers.
///
/// It never crosses the module's boundary: how it is passed depends on the processor that is compiled for.
typealias Lanes = SIMD16<Float>

/// How many numbers `Lanes` holds.
let laneCount = 16

/// Goes through `count` numbers by 16, and at the end by what is left.
///
/// - Parameter body: Called with the index of the first number and how many there are, 16 or less.
@inline(__always)
func forEachLanes(_ count: Int, _ body: (_ index: Int, _ width: Int) -> Void) {
  var index = 0
  while index &+ laneCount <= count {
    body(index, laneCount)
    index &+= laneCount
  }
  if index < count { body(index, count &- index) }
}

extension UnsafePointer<Float> {
  /// The 16 numbers from `index` on, which need no alignment.
  @inline(__always)
  func lanes(at index: Int) -> Lanes {
    unsafe UnsafeRawPointer(self + index).loadUnaligned(as: Lanes.self)
  }

  /// The `count` numbers from `index` on, at most 16, then zeros.
  @inline(__always)
  func lanes(at index: Int, count: Int) -> Lanes {
    unsafe rnnd_load_first(self + index, Int32(truncatingIfNeeded: count))
  }
}

extension UnsafeMutablePointer<Float> {
  /// The 16 numbers from `index` on, which need no alignment.
  @inline(__always)
  func lanes(at index: Int) -> Lanes {
    unsafe UnsafePointer(self).lanes(at: index)
  }

  /// The `count` numbers from `index` on, at most 16, then zeros.
  @inline(__always)
  func lanes(at index: Int, count: Int) -> Lanes {
    unsafe UnsafePointer(self).lanes(at: index, count: count)
  }

  /// The bits of the 16 numbers from `index` on, as whole numbers.
  @inline(__always)
  func integers(at index: Int) -> SIMD16<Int32> {
    unsafe UnsafeRawPointer(self + index).loadUnaligned(as: SIMD16<Int32>.self)
  }

  /// Sets the 16 numbers from `index` on.
  @inline(__always)
  func set(_ lanes: Lanes, at index: Int) {
    unsafe UnsafeMutableRawPointer(self + index).storeBytes(of: lanes, as: Lanes.self)
  }

  /// Sets the `count` numbers from `index` on, at most 16, to the first of `lanes`.
  @inline(__always)
  func set(_ lanes: Lanes, at index: Int, count: Int) {
    unsafe rnnd_store_first(self + index, lanes, Int32(truncatingIfNeeded: count))
  }
}

extension Lanes {
  /// This plus a product, rounded once.
  @inline(__always)
  func plusProduct(_ a: Lanes, _ b: Lanes) -> Lanes { rnnd_multiply_add(self, a, b) }

  /// The square roots.
  @inline(__always)
  var roots: Lanes { rnnd_square_root(self) }

  /// The greater of two numbers; this one where either is NaN.
  @inline(__always)
  func greater(_ other: Lanes) -> Lanes { rnnd_greater(self, other) }

  /// The smaller of two numbers; this one where either is NaN.
  @inline(__always)
  func smaller(_ other: Lanes) -> Lanes { rnnd_smaller(self, other) }

  /// All 16 numbers added up, in a fixed order.
  @inline(__always)
  var total: Float {
    let eight = lowHalf + highHalf
    let four = eight.lowHalf + eight.highHalf
    let two = four.lowHalf + four.highHalf
    return two.x + two.y
  }
}
