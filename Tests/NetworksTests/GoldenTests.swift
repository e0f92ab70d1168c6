import Foundation
import Kernels
import Testing

@testable import Networks

/// What Golden/make_golden.py wrote for one kind of cell.
private struct Golden: Decodable {
  struct Case: Decodable {
    let layers: Int
    let output: OutputKind
    let seed: UInt64
    let logProbabilities: [Float]
    let loss: Double
    let gradientNorm: Double
    let gradient: [String: [Float]]
    let curves: [String: [Double]]
  }

  struct Padded: Decodable {
    let seed: UInt64
    let lengths: [Int]
    let loss: Double
    let gradient: [String: [Float]]
    let states: [[Float]]
  }

  let cases: [Case]
  let clippedByNorm: [String: [Float]]
  let clippedByValue: [String: [Float]]
  let padded: Padded

  static func load(_ cell: CellKind) throws -> Golden {
    let url = try #require(
      Bundle.module.url(forResource: cell.rawValue, withExtension: "json", subdirectory: "Golden"))
    return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: url))
  }
}

/// How the script trained each of its curves.
private struct CurveSettings: Sendable {
  let name: String
  let optimizer: Optimizer
  let update: UpdateSettings

  static let all = [
    CurveSettings(name: "sgd", optimizer: .sgd(), update: UpdateSettings(learningRate: 2, clipNorm: 0.25)),
    CurveSettings(
      name: "momentum", optimizer: .sgd(momentum: 0.9, weightDecay: 1e-3),
      update: UpdateSettings(learningRate: 0.1, clipValue: 0.02)),
    CurveSettings(name: "adamw", optimizer: .adamW(), update: UpdateSettings(learningRate: 1e-2, clipNorm: 0.5)),
  ]
}

/// Whether two arrays agree number by number.
private func agree(_ found: [Float], _ expected: [Float]?, within tolerance: Float = 1e-5) -> Bool {
  guard let expected, found.count == expected.count else { return false }
  return zip(found, expected).allSatisfy { abs($0 - $1) <= tolerance }
}

@Suite("Networks are numerically PyTorch's")
struct GoldenTests {
  @Test("log-probabilities, loss, gradient and its norm agree to 1e-5", arguments: CellKind.allCases)
  func firstPassAgrees(cell: CellKind) throws {
    let cases = try Golden.load(cell).cases
    #expect(cases.count == 9)
    for golden in cases {
      let shape = try TestNetwork.shape(cell, layers: golden.layers, output: golden.output)
      let trainer = try TestNetwork.trainer(shape, seed: golden.seed)
      let window = TestNetwork.windows(count: 1, seed: golden.seed + 1)[0]
      let (loss, gradient) = trainer.gradientTensors(window)
      let context = Comment("\(cell.rawValue), \(golden.layers) layers, \(golden.output)")
      #expect(abs(loss - golden.loss) < 1e-5, context)
      #expect(abs(trainer.gradientNorm() - golden.gradientNorm) < 1e-5, context)
      #expect(gradient.count == golden.gradient.count, context)
      for tensor in gradient {
        #expect(agree(tensor.values.array, golden.gradient[tensor.name]), "\(context): \(tensor.name)")
      }
      #expect(agree(readerLogProbabilities(window, trainer.snapshot()), golden.logProbabilities), context)
    }
  }

  @Test("losses over 15 clipped training steps agree to 1e-4", arguments: CellKind.allCases, CurveSettings.all)
  fileprivate func lossCurveAgrees(cell: CellKind, settings: CurveSettings) throws {
    for golden in try Golden.load(cell).cases {
      let shape = try TestNetwork.shape(cell, layers: golden.layers, output: golden.output)
      let trainer = try TestNetwork.trainer(shape, optimizer: settings.optimizer, seed: golden.seed)
      let windows = TestNetwork.windows(count: 15, seed: golden.seed + 1)
      let expected = try #require(golden.curves[settings.name])
      var state = BatchState(zeroFor: shape, batchSize: 3)
      let losses = try windows.map { try trainer.update($0, from: &state, settings: settings.update).loss }
      #expect(losses.count == expected.count)
      let worst = zip(losses, expected).map { abs($0 - $1) }.max() ?? .infinity
      #expect(worst < 1e-4, "\(cell.rawValue), \(golden.layers) layers, \(golden.output), \(settings.name)")
    }
  }

  @Test("a gradient clipped by norm or by value is the one that is applied", arguments: CellKind.allCases)
  func clippedGradientsAgree(cell: CellKind) throws {
    let golden = try Golden.load(cell)
    for (expected, settings) in [
      (golden.clippedByNorm, UpdateSettings(learningRate: 1, clipNorm: 0.1)),
      (golden.clippedByValue, UpdateSettings(learningRate: 1, clipValue: 0.01)),
    ] {
      let trainer = try TestNetwork.trainer(TestNetwork.shape(cell), seed: golden.padded.seed)
      let before = trainer.weightTensors.map(\.values.array)
      var state = BatchState(zeroFor: trainer.shape, batchSize: 3)
      let window = TestNetwork.windows(count: 1, seed: golden.padded.seed + 1)[0]
      let result = try trainer.update(window, from: &state, settings: settings)
      #expect(result.clipped)
      for (tensor, before) in zip(trainer.weightTensors, before) {
        let applied = zip(before, tensor.values.array).map { $0 - $1 }
        #expect(agree(applied, expected[tensor.name]), "\(tensor.name)")
      }
    }
  }

  @Test("a packed batch of unequal sequences has the same loss, gradient and last states", arguments: CellKind.allCases)
  func paddedBatchAgrees(cell: CellKind) throws {
    let golden = try Golden.load(cell).padded
    let trainer = try TestNetwork.trainer(TestNetwork.shape(cell), seed: golden.seed)
    let whole = TestNetwork.windows(count: 1, seed: golden.seed + 1)[0]
    let sequences = golden.lengths.enumerated().map { column, length in
      let positions = (0..<length).map { $0 * whole.batchSize + column }
      return (inputs: positions.map { whole.inputs[$0] }[...], targets: positions.map { whole.targets[$0] }[...])
    }
    let window = TrainingWindow(sequences: sequences)
    let (loss, gradient) = trainer.gradientTensors(window)
    #expect(abs(loss - golden.loss) < 1e-5)
    for tensor in gradient {
      #expect(agree(tensor.values.array, golden.gradient[tensor.name]), "\(tensor.name)")
    }
    var state = BatchState(zeroFor: trainer.shape, batchSize: 3)
    trainer.clearTouchedRows()
    _ = try trainer.update(window, from: &state, settings: UpdateSettings(learningRate: 0))
    for (found, expected) in zip(state.sequences, golden.states) { #expect(agree(found.values, expected)) }
  }

  /// What a reader says of every position of a window, `[time, batch, V]`.
  private func readerLogProbabilities(_ window: TrainingWindow, _ weights: WeightsSnapshot) -> [Float] {
    let evaluator = Evaluator()
    var states = BatchState(zeroFor: weights.shape, batchSize: window.batchSize).sequences
    var all: [Float] = []
    var distribution: [Float] = []
    for (index, token) in window.inputs.enumerated() {
      evaluator.advance(&states[index % window.batchSize], by: token, with: weights)
      evaluator.logProbabilities(after: states[index % window.batchSize], with: weights, into: &distribution)
      all += distribution
    }
    return all
  }
}
