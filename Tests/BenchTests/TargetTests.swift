import Testing

@testable import Bench

@Suite struct TargetTests {
  @Test(
    "a bound is reached when it is met exactly, and never by what is no number",
    arguments: [
      (Target.Bound.atLeast, [2.0, 3], [1.9, -.infinity, .nan]), (.atMost, [2, 1], [2.1, .infinity, .nan]),
    ])
  func bounds(bound: Target.Bound, good: [Double], bad: [Double]) {
    for value in good { #expect(figure(value, .value(bound, 2)).isReached == true) }
    for value in bad { #expect(figure(value, .value(bound, 2)).isReached == false) }
  }

  @Test("a ratio's bound looks at the ratio, and is missed without one")
  func ratios() {
    let comparison = Figure.Comparison(with: "peak", label: "peak", ratio: 0.7)
    let target = Target.ratio(.atLeast, 0.7)
    #expect(Figure("name", "subject", 0, .gigaflops, comparison: comparison, target: target).isReached == true)
    #expect(figure(1e9, target).isReached == false)
  }

  @Test("a figure without a target is neither reached nor missed")
  func none() {
    #expect(figure(1, nil).isReached == nil)
  }

  private func figure(_ value: Double, _ target: Target?) -> Figure {
    Figure("name", "subject", value, .gigaflops, target: target)
  }
}
