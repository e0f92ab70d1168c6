import Kernels
import Testing

@testable import Networks

@Suite("A predictor")
struct PredictorTests {
  private static let text: [TokenID] = (0..<40).map { TokenID($0 * $0 % 7) }

  private static func served(_ trainer: Trainer) -> ServedWeights {
    var compactor = WeightsCompactor()
    return compactor.compact(trainer.snapshot(), team: ThreadTeam())
  }

  /// An output layer that is large enough to be served in bytes.
  private static func largeShape(_ cell: CellKind = .lstm, output: OutputKind = .untied) throws -> NetworkShape {
    try TestNetwork.shape(cell, output: output, vocabularySize: 3_000, hiddenSize: 40)
  }

  private func predict(_ predictor: Predictor, after states: [HiddenState], _ weights: ServedWeights) -> [Distribution]
  {
    var none: [Distribution] = []
    return predictor.predict(after: states, with: weights, reusing: &none)
  }

  @Test(
    "follows the evaluator within the rounding of half precision", arguments: CellKind.allCases, OutputKind.allCases)
  func closeToEvaluator(cell: CellKind, output: OutputKind) throws {
    let weights = Self.served(try TestNetwork.trainer(TestNetwork.shape(cell, layers: 2, output: output)))
    let (evaluator, predictor) = (Evaluator(), Predictor())
    var exact = HiddenState(zeroFor: weights.shape)
    var compact = exact
    for token in Self.text {
      evaluator.advance(&exact, by: token, with: weights.snapshot)
      predictor.advance(&compact, by: token, with: weights)
      // A gate's sum has up to 8 products of weights within 1/2, each off by 2⁻¹² at most, and a state within 1 (of a
      // ReLU within 4); what earlier steps were off by comes back smaller than it was, twice at most.
      for (found, expected) in zip(compact.values, exact.values) {
        #expect(abs(found - expected) < 8 * 4 * 2 * 0x1p-12)
      }
    }
    var distribution: [Float] = []
    evaluator.logProbabilities(after: compact, with: weights.snapshot, into: &distribution)
    let found = predict(predictor, after: [compact], weights)[0].logProbabilities
    // Where the output layer is small it is the evaluator's own, but for a projection.
    for (found, expected) in zip(found, distribution) { #expect(abs(found - expected) < 0x1p-7) }
  }

  @Test("offers the evaluator's most probable tokens in its order, however many", arguments: OutputKind.allCases)
  func bestAreExact(output: OutputKind) throws {
    let weights = Self.served(try TestNetwork.trainer(Self.largeShape(output: output)))
    #expect(weights.compact.decoder != nil)
    let (evaluator, predictor) = (Evaluator(), Predictor())
    var state = HiddenState(zeroFor: weights.shape)
    for token in [5, 2_999, 1_234, 0, 77] as [TokenID] {
      predictor.advance(&state, by: token, with: weights)
      var exact: [Float] = []
      evaluator.logProbabilities(after: state, with: weights.snapshot, into: &exact)
      let order = exact.indices.sorted { (exact[$1], $0) < (exact[$0], $1) }
      let distribution = predict(predictor, after: [state], weights)[0]
      for limit in [1, 5, 16, 17, 100] {
        let best = distribution.best(limit, with: weights)
        if output != .projection { #expect(best.map { Int($0.id) } == Array(order.prefix(limit))) }
        for choice in best { #expect(abs(choice.logProbability - exact[Int(choice.id)]) < 2e-3) }
      }
      // The rest is off by no more than the rounding to bytes, and the whole still sums to one.
      let all = distribution.logProbabilities
      for (found, expected) in zip(all, exact) { #expect(abs(found - expected) < 0.1) }
      #expect(abs(logSumExp(FloatBuffer(all).all)) < 1e-5)
    }
  }

  @Test("offers the best of some tokens with the probability of all these")
  func bestAmong() throws {
    let weights = Self.served(try TestNetwork.trainer(Self.largeShape()))
    let predictor = Predictor()
    var state = HiddenState(zeroFor: weights.shape)
    predictor.advance(&state, by: 9, with: weights)
    let distribution = predict(predictor, after: [state], weights)[0]
    var exact: [Float] = []
    Evaluator().logProbabilities(after: state, with: weights.snapshot, into: &exact)
    let ids = (0..<3_000).filter { $0 % 3 == 0 }.map { TokenID($0) }
    let order = ids.sorted { exact[Int($1)] < exact[Int($0)] }
    let (choices, logTotal) = distribution.best(7, among: ids, with: weights)
    #expect(choices.map(\.id) == Array(order.prefix(7)))
    #expect(abs(Double(logTotal) - logSumExp(FloatBuffer(ids.map { exact[Int($0)] }).all)) < 0.01)
    let one = distribution.best(7, among: [300], with: weights)
    #expect(one.choices.count == 1 && one.choices[0].logProbability == one.logTotal)
    #expect(distribution.best(7, among: [], with: weights).choices.isEmpty)
  }

  @Test("says the same of a state, to the bit, whatever others advance with it", arguments: CellKind.allCases)
  func batchesAgree(cell: CellKind) throws {
    let weights = Self.served(try TestNetwork.trainer(Self.largeShape(cell)))
    let predictor = Predictor()
    var together = (0..<7).map { _ in HiddenState(zeroFor: weights.shape) }
    for step in 0..<5 {
      predictor.advance(&together, by: (0..<7).map { TokenID(($0 * 431 + step * 97) % 3_000) }, with: weights)
    }
    let distributions = predict(predictor, after: together, weights)
    for index in 0..<7 {
      var alone = HiddenState(zeroFor: weights.shape)
      let other = Predictor(team: ThreadTeam(threadCount: 2))
      for step in 0..<5 { other.advance(&alone, by: TokenID((index * 431 + step * 97) % 3_000), with: weights) }
      #expect(alone == together[index])
      #expect(predict(other, after: [alone], weights)[0].logProbabilities == distributions[index].logProbabilities)
    }
  }

  @Test("reads weights as they were published, whatever comes of the memory of earlier ones")
  func memoryTakesTurns() throws {
    let trainer = try TestNetwork.trainer(Self.largeShape())
    var compactor = WeightsCompactor()
    let predictor = Predictor()
    var held: [(weights: ServedWeights, log: [Float])] = []
    var state = HiddenState(zeroFor: trainer.shape)
    for step in 0..<12 {
      if step % 4 == 3 { try trainer.grow(toVocabulary: trainer.shape.vocabularySize + 1) }
      var batch = BatchState(zeroFor: trainer.shape, batchSize: 1)
      _ = try trainer.update(
        TestNetwork.unequalWindow([[1, 2, 3, TokenID(step)]]), from: &batch, settings: UpdateSettings(learningRate: 0.5)
      )
      let weights = compactor.compact(trainer.snapshot(), team: ThreadTeam())
      predictor.advance(&state, by: 3, with: weights)
      let distribution = predict(predictor, after: [state], weights)[0]
      var fresh = WeightsCompactor()
      let copy = fresh.compact(trainer.snapshot(), team: ThreadTeam())
      #expect(predict(predictor, after: [state], copy)[0].logProbabilities == distribution.logProbabilities)
      // Some are held for a while, as readers do.
      if step % 3 == 0 { held.append((weights, distribution.best(5, with: weights).map(\.logProbability))) }
      if held.count > 2 { held.removeFirst() }
      for (weights, _) in held {
        #expect(weights.compact !== compactor.compact(trainer.snapshot(), team: ThreadTeam()).compact)
      }
    }
  }

  @Test("fills spare distributions anew, and leaves those that do not fit")
  func reuses() throws {
    let weights = Self.served(try TestNetwork.trainer(TestNetwork.shape(.gru)))
    let predictor = Predictor()
    let state = HiddenState(zeroFor: weights.shape)
    let first = predict(predictor, after: [state], weights)[0]
    var spare = [first]
    #expect(predictor.predict(after: [state], with: weights, reusing: &spare)[0] === first)
    spare = [Distribution(shape: try Self.largeShape())]
    #expect(predictor.predict(after: [state], with: weights, reusing: &spare)[0] !== first)
    predictor.releaseWorkspace()
    #expect(predict(predictor, after: [state, state], weights).count == 2)
  }
}
