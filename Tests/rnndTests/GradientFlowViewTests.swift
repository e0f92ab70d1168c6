import Testing

@testable import rnnd

@Suite struct GradientFlowViewTests {
  static let terminal = Screen(isTerminal: true, columns: 80, hasColour: false)

  static func geometric(_ factor: Double, count: Int) -> [Double] {
    (0..<count).reduce(into: [0.5]) { norms, _ in norms.append((norms.last ?? 0) * factor) }
  }

  @Test(
    "The sentence says what becomes of the gradient",
    arguments: [
      (geometric(0.5, count: 12), GradientFlowView.Fate.vanishes, "vanishes"),
      (geometric(0.98, count: 12), .holds, "survives"), (geometric(1.4, count: 12), .explodes, "explodes"),
      ([0.5, 0, 0], .isGone, "vanishes at once"), ([0.5], .isUnknown, "too short"), ([], .isUnknown, "too short"),
      ([0, 0], .isUnknown, "too short"),
    ])
  func fate(norms: [Double], expected: GradientFlowView.Fate, word: String) {
    let view = GradientFlowView(norms: norms)
    #expect(view.fate == expected)
    #expect(view.lines(on: Self.terminal).last?.contains(word) == true)
  }

  @Test(
    "Lines stay within the terminal and within a screenful, whatever the count of lags", arguments: [1, 2, 32, 33, 500])
  func size(count: Int) {
    let lines = GradientFlowView(norms: Self.geometric(0.9, count: count)).lines(on: Self.terminal)
    #expect(lines.count <= 36)
    #expect(lines.dropLast().allSatisfy { DisplayWidth.of($0) <= 80 })
    #expect(lines.contains { $0.hasPrefix(String(count).padded(to: 3, alignedRight: true) + " ") })
  }

  @Test("A smaller norm has a shorter bar")
  func monotone() {
    let lines = GradientFlowView(norms: Self.geometric(0.5, count: 10)).lines(on: Self.terminal)
    let lengths = lines.dropFirst().prefix(11).map { DisplayWidth.of($0) }
    #expect(zip(lengths, lengths.dropFirst()).allSatisfy { $0 > $1 })
  }

  @Test("Programs get every lag and its exact norm")
  func plain() {
    #expect(GradientFlowView(norms: [0.5, 1e-9]).lines(on: .plain) == ["0\t0.5", "1\t1e-09"])
  }
}
