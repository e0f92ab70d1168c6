import Kernels
import Testing

@testable import Bench

@Suite struct LossCurveTests {
  @Test("a curve is a loss a step, falls, and is the same every time")
  func falls() throws {
    let curve = try LossCurve(stepCount: 5)
    let losses = try curve.losses(.single, team: ThreadTeam())
    #expect(losses.count == 5)
    #expect(losses[4] < losses[0] && losses[0] < 10)
    #expect(try curve.losses(.single, team: ThreadTeam(threadCount: 2)) == losses)
  }

  @Test("the distance is the largest of the steps', in percent of the first curve's")
  func distance() {
    #expect(LossCurve.distance(from: [2, 4], to: [2, 4]) == 0)
    #expect(LossCurve.distance(from: [2, 4], to: [2.5, 4.4]) == 25)
    #expect(LossCurve.distance(from: [2, 4], to: [2, 3]) == 25)
  }
}
