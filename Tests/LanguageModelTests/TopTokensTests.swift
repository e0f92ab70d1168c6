import Testing

@testable import LanguageModel

@Suite("The most probable tokens")
struct TopTokensTests {
  @Test("are those that sorting finds, the lower number first among equals", arguments: 0..<20)
  func agreesWithSorting(_ seed: UInt64) {
    var random = TestRandom(seed: seed)
    let count = Int.random(in: 0...200, using: &random)
    let values = (0..<count).map { _ in Float(Int.random(in: -20...0, using: &random)) }
    for limit in [1, 2, 5, 300] {
      var best = TopTokens(limit: limit)
      for (id, value) in values.enumerated() { best.offer(TokenID(id), value) }
      let sorted = values.indices.sorted { (values[$1], $0) < (values[$0], $1) }.prefix(limit)
      #expect(best.tokens.map(\.id) == sorted.map(TokenID.init), "seed \(seed)")
    }
  }
}
