/// A range cut into parts whose sizes differ by one at most.
struct EvenSplit {
  let whole: Range<Int>
  let count: Int

  /// Cuts into `count` parts.
  ///
  /// - Precondition: `count` is positive.
  init(_ whole: Range<Int>, count: Int) {
    precondition(count > 0, "EvenSplit: no parts")
    self.whole = whole
    self.count = count
  }

  /// Cuts into as few parts as keep each at `limit` or less; one, empty, where there is nothing to cut.
  init(_ whole: Range<Int>, limit: Int) {
    self.init(whole, count: max(1, (whole.count + limit - 1) / limit))
  }

  /// The size of the largest part.
  var largest: Int { (whole.count + count - 1) / count }

  @inline(__always)
  func range(of part: Int) -> Range<Int> {
    let size = whole.count
    return whole.lowerBound + size * part / count..<whole.lowerBound + size * (part + 1) / count
  }
}
