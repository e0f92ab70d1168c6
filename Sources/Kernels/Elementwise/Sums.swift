/// The scalar product `Σ a[i] · b[i]`, summed in a fixed order.
///
/// - Precondition: `a.count == b.count`.
package func dot(_ a: Vector, _ b: Vector) -> Float {
  precondition(a.count == b.count, "dot: counts differ")
  return withExtendedLifetime((a, b)) { unsafe dot(a.start, b.start, count: a.count) }
}

/// Four sums side by side hide the additions' latency.
@inline(__always)
func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Float {
  var (first, second, third, fourth) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
  var index = 0
  while index &+ 4 &* laneCount <= count {
    first = unsafe first.plusProduct(a.lanes(at: index), b.lanes(at: index))
    second = unsafe second.plusProduct(a.lanes(at: index &+ 16), b.lanes(at: index &+ 16))
    third = unsafe third.plusProduct(a.lanes(at: index &+ 32), b.lanes(at: index &+ 32))
    fourth = unsafe fourth.plusProduct(a.lanes(at: index &+ 48), b.lanes(at: index &+ 48))
    index &+= 4 &* laneCount
  }
  forEachLanes(count &- index) { offset, width in
    first = unsafe first.plusProduct(
      a.lanes(at: index &+ offset, count: width), b.lanes(at: index &+ offset, count: width))
  }
  return ((first + second) + (third + fourth)).total
}

/// The sum `Σ values[i]`, in double precision and a fixed order.
package func sum(_ values: Vector) -> Double {
  var total = PreciseSum()
  withExtendedLifetime(values) {
    forEachLanes(values.count) { index, width in
      unsafe total.add(values.start.lanes(at: index, count: width))
    }
  }
  return total.value
}

/// The squared Euclidean norm `Σ values[i]²`, in double precision and a fixed order.
///
/// It is finite exactly if every number is: no square of a `Float` overflows a `Double`.
package func sumOfSquares(_ values: Vector, team: ThreadTeam) -> Double {
  // The cut depends on the count alone, so that the order of summation does too.
  let partCount = SquaresWork.partCount
  var sums = InlineArray<64, Double>(repeating: 0)
  var span = sums.mutableSpan
  unsafe span.withUnsafeMutableBufferPointer { results in
    guard let first = results.baseAddress else { return }
    let work = unsafe SquaresWork(values: values, sums: first)
    team.run(work, count: partCount, grain: max(1, partCount * 32_768 / max(1, values.count)))
  }
  var total = 0.0
  for index in 0..<partCount { total += sums[index] }
  return total
}

/// A sum of squares, cut into 64 parts.
@safe
private struct SquaresWork: TeamWork {
  static let partCount = 64

  let values: Vector
  let sums: UnsafeMutablePointer<Double>

  init(values: Vector, sums: UnsafeMutablePointer<Double>) {
    self.values = values
    unsafe self.sums = unsafe sums
  }

  func run(_ parts: Range<Int>, scratch: Scratch) {
    for part in parts {
      let range = EvenSplit(0..<values.count, count: Self.partCount).range(of: part)
      let start = unsafe values.start + range.lowerBound
      var total = PreciseSum()
      forEachLanes(range.count) { index, width in
        unsafe total.addSquares(start.lanes(at: index, count: width))
      }
      unsafe sums[part] = total.value
    }
  }
}

/// A sum in double precision of numbers that come by 16.
private struct PreciseSum {
  private var low = SIMD8<Double>.zero
  private var high = SIMD8<Double>.zero

  @inline(__always)
  mutating func add(_ lanes: Lanes) {
    low += SIMD8<Double>(lanes.lowHalf)
    high += SIMD8<Double>(lanes.highHalf)
  }

  @inline(__always)
  mutating func addSquares(_ lanes: Lanes) {
    let (left, right) = (SIMD8<Double>(lanes.lowHalf), SIMD8<Double>(lanes.highHalf))
    low = low.addingProduct(left, left)
    high = high.addingProduct(right, right)
  }

  var value: Double {
    let eight = low + high
    let four = eight.lowHalf + eight.highHalf
    let two = four.lowHalf + four.highHalf
    return two.x + two.y
  }
}

/// The greatest number: -∞ of none, NaN if one of them is NaN.
package func maximum(_ values: Vector) -> Float {
  withExtendedLifetime(values) { unsafe maximum(values.start, count: values.count) }
}

@inline(__always)
func maximum(_ start: UnsafePointer<Float>, count: Int) -> Float {
  guard count > 0 else { return -.infinity }
  // Lanes beyond the end repeat the first number.
  var greatest = unsafe Lanes(repeating: start[0])
  var isNaN = greatest .!= greatest
  forEachLanes(count) { index, width in
    let lanes =
      unsafe width == laneCount
      ? start.lanes(at: index)
      : Lanes(repeating: start[0]).replacing(
        with: start.lanes(at: index, count: width), where: laneNumbers .< Int32(truncatingIfNeeded: width))
    greatest = greatest.greater(lanes)
    isNaN .|= lanes .!= lanes
  }
  guard !any(isNaN) else { return .nan }
  var result = greatest[0]
  for lane in 1..<laneCount { result = max(result, greatest[lane]) }
  return result
}

/// 0, 1, … 15.
@inline(__always)
var laneNumbers: SIMD16<Int32> { SIMD16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) }
