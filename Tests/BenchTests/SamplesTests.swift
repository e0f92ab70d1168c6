import Testing

@testable import Bench

@Suite struct SamplesTests {
  @Test("a quantile is a measurement that was made", arguments: [(0.0, 1.0), (0.5, 3), (0.79, 4), (0.99, 5), (1, 5)])
  func quantile(share: Double, expected: Double) {
    #expect(Samples([5, 1, 4, 2, 3]).quantile(share) == expected)
  }

  @Test("no measurements have no median")
  func empty() {
    #expect(Samples().median.isNaN)
  }

  @Test("samples of several blocks are one")
  func blocks() {
    var samples = Samples([3])
    samples.add(Samples([1, 2]))
    #expect(samples.values == [3, 1, 2])
  }
}
