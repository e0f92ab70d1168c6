import Kernels
import Testing

@testable import Networks

@Suite("A reader")
struct EvaluatorTests {
  private static let text: [TokenID] = (0..<300).map { TokenID($0 * $0 % 7) }

  @Test(
    "says the same token by token, many at a time, and as the trainer's forward pass", arguments: CellKind.allCases,
    OutputKind.allCases)
  func waysAgree(cell: CellKind, output: OutputKind) throws {
    let trainer = try TestNetwork.trainer(TestNetwork.shape(cell, layers: 2, output: output))
    let snapshot = trainer.snapshot()
    let evaluator = Evaluator()
    var single = HiddenState(zeroFor: snapshot.shape)
    var batched = single
    var distribution: [Float] = []
    var singleScores: [Float] = []
    for token in Self.text {
      evaluator.logProbabilities(after: single, with: snapshot, into: &distribution)
      singleScores.append(distribution[Int(token)])
      evaluator.advance(&single, by: token, with: snapshot)
    }
    var skipped = batched
    evaluator.advance(&skipped, by: Self.text[...], with: snapshot)
    let scores = evaluator.score(Self.text[...], from: &batched, with: snapshot)
    #expect(scores.count == Self.text.count)
    for (found, expected) in zip(scores, singleScores) { #expect(abs(found - expected) < 1e-5) }
    for (found, expected) in zip(batched.values + skipped.values, single.values + single.values) {
      #expect(abs(found - expected) < 1e-5)
    }
    let window = TestNetwork.unequalWindow([Array(Self.text[..<20])])
    let meanLoss = -scores[1..<20].reduce(0) { $0 + Double($1) } / 19
    var fresh = BatchState(zeroFor: snapshot.shape, batchSize: 1)
    let result = try trainer.update(window, from: &fresh, settings: UpdateSettings(learningRate: 0))
    #expect(abs(result.loss - meanLoss) < 1e-5)
  }

  @Test("gives probabilities that sum to one")
  func distributionIsNormalised() throws {
    let shape = try TestNetwork.shape(.lstm, vocabularySize: 1000)
    let snapshot = try TestNetwork.trainer(shape).snapshot()
    var state = HiddenState(zeroFor: shape)
    let evaluator = Evaluator()
    evaluator.advance(&state, by: [1, 999, 3], with: snapshot)
    var distribution: [Float] = []
    evaluator.logProbabilities(after: state, with: snapshot, into: &distribution)
    #expect(distribution.count == 1000)
    let plain = PlainNetwork(snapshot)
    let expected = plain.losses(inputs: [1, 999, 3], targets: [-1, -1, 500])[0]
    #expect(abs(Double(-distribution[500]) - expected) < 1e-5)
  }

  @Test("serves networks of different kinds and sizes one after the other")
  func servesMany() throws {
    let evaluator = Evaluator()
    for cell in CellKind.allCases + CellKind.allCases {
      for hiddenSize in [3, 17] {
        let snapshot = try TestNetwork.trainer(TestNetwork.shape(cell, hiddenSize: hiddenSize)).snapshot()
        var (shared, own) = (HiddenState(zeroFor: snapshot.shape), HiddenState(zeroFor: snapshot.shape))
        let found = evaluator.score([1, 2, 3, 4], from: &shared, with: snapshot)
        #expect(found == Evaluator().score([1, 2, 3, 4], from: &own, with: snapshot))
        #expect(shared == own)
      }
    }
    evaluator.releaseWorkspace()
    let snapshot = try TestNetwork.trainer(TestNetwork.shape(.gru)).snapshot()
    var state = HiddenState(zeroFor: snapshot.shape)
    #expect(evaluator.score([], from: &state, with: snapshot).isEmpty)
    #expect(evaluator.score([5], from: &state, with: snapshot).count == 1)
  }

  @Test("goes on with new weights and a vocabulary that grew, from the state it has")
  func followsGrowth() throws {
    let trainer = try TestNetwork.trainer(TestNetwork.shape(.lstm))
    let evaluator = Evaluator()
    var state = HiddenState(zeroFor: trainer.shape)
    evaluator.advance(&state, by: [1, 2, 3], with: trainer.snapshot())
    try trainer.grow(toVocabulary: 12)
    let snapshot = trainer.snapshot()
    #expect(snapshot.contains(11) && !snapshot.contains(12) && !snapshot.contains(-1))
    evaluator.advance(&state, by: [11, 0], with: snapshot)
    var distribution = [Float](repeating: 0, count: 7)
    evaluator.logProbabilities(after: state, with: snapshot, into: &distribution)
    #expect(distribution.count == 12)
    #expect(distribution.allSatisfy { $0.isFinite && $0 < 0 })
  }
}
