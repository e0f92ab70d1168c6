import Testing

@testable import Bench

@Suite struct WordingTests {
  @Test(
    "numbers are rounded to three digits, and thousands set off",
    arguments: [
      (0.1234, "0.12"), (1.239, "1.24"), (2, "2"), (12.34, "12.3"), (99.96, "100"), (1234.5, "1,235"),
      (1_000_000, "1,000,000"), (-1234, "-1,234"), (0, "0"), (.infinity, "-"), (.nan, "-"),
    ])
  func rounding(value: Double, expected: String) {
    #expect(Wording.rounded(value) == expected)
  }

  @Test(
    "parts are percentages, multiples have an x",
    arguments: [(0.123, "12%"), (1.5, "150%"), (2.0, "2x"), (14.25, "14.3x")])
  func ratios(ratio: Double, expected: String) {
    #expect(Wording.ratio(ratio) == expected)
  }

  @Test(
    "a target says its limit in the unit of what it bounds",
    arguments: [
      (Target.value(.atMost, 4), "≤ 4 ms"), (.value(.atLeast, 15_000), "≥ 15,000 ms"),
      (.ratio(.atLeast, 0.85), "≥ 85%"),
      (.ratio(.atMost, 2), "≤ 2x"), (.value(.atMost, 72, origin: "echo + 60 µs"), "≤ echo + 60 µs"),
    ])
  func targets(target: Target, expected: String) {
    #expect(Wording.target(of: Figure("name", "subject", 1, .milliseconds, target: target)) == expected)
  }

  @Test("every unit has a sign of its own")
  func units() {
    let signs = Figure.Unit.allCases.map(\.rawValue)
    #expect(signs.allSatisfy { !$0.isEmpty } && Set(signs).count == signs.count)
    for unit in Figure.Unit.allCases {
      #expect(Wording.value(of: Figure("name", "subject", 3, unit)) == "3 \(unit.rawValue)")
    }
  }
}
