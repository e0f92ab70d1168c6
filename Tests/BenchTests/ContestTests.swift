import Testing

@testable import Bench

@Suite struct ContestTests {
  @Test("each measurement is compared with the mean of the limits before and after it, and they come in turn")
  func neighbours() throws {
    var order = ""
    var limits = [10.0, 20, 40, 10, 20, 40][...]
    var contest = Contest([
      .init { () throws(BenchmarkError) in
        order += "a"
        return 15
      },
      .init { () throws(BenchmarkError) in
        order += "b"
        return 60
      },
    ])
    try contest.run(rounds: 2) {
      order += "|"
      return limits.removeFirst()
    }
    #expect(order == "|a|b||a|b|")
    #expect(contest.contestants[0].samples.values == [15, 15])
    #expect(contest.contestants[0].ratios.values == [1, 1])
    #expect(contest.contestants[1].ratios.values == [2, 2])
  }

  @Test("without contestants the limit is not measured")
  func empty() throws {
    var contest = Contest([])
    try contest.run(rounds: 2) {
      Issue.record("nothing is compared with the limit")
      return 0
    }
  }
}
