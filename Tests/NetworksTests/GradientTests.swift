import Kernels
import Testing

@testable import Networks

@Suite("Gradients are what finite differences say")
struct GradientTests {
  /// A batch with everything that windows may have: sequences of unequal lengths, tokens that are read but not
  /// predicted, tokens that come twice.
  private static let window = TrainingWindow(
    batchSize: 3, sequenceLength: 4,
    inputs: [1, 3, 0, 2, 3, 5, 4, -1, 2, 1, -1, -1],
    targets: [2, 3, -1, 4, 6, 2, -1, -1, 0, 5, -1, -1])

  @Test("every number of every weight", arguments: CellKind.allCases, OutputKind.allCases)
  func everyWeight(cell: CellKind, output: OutputKind) throws {
    for layers in output == .untied ? [1, 2, 3] : [2] {
      let trainer = try TestNetwork.trainer(TestNetwork.shape(cell, layers: layers, output: output, hiddenSize: 3))
      let (loss, gradient) = trainer.gradientTensors(Self.window)
      var plain = PlainNetwork(trainer.snapshot())
      #expect(abs(loss - plain.loss(Self.window)) < 1e-6)
      for tensor in gradient {
        for (index, found) in tensor.values.array.enumerated() {
          let expected = slope(of: (tensor.name, index), in: &plain)
          #expect(abs(Double(found) - expected) < 1e-6, "\(tensor.name)[\(index)] of \(layers) layers")
        }
      }
    }
  }

  @Test(
    "weights under a large vocabulary, whose output layer is worked through in slices", arguments: OutputKind.allCases)
  func largeVocabulary(output: OutputKind) throws {
    let size = VocabularyPass.leastSize + 3
    let shape = try TestNetwork.shape(.lstm, layers: 1, output: output, vocabularySize: size, hiddenSize: 3)
    let trainer = try TestNetwork.trainer(shape)
    let (loss, gradient) = trainer.gradientTensors(Self.window)
    var plain = PlainNetwork(trainer.snapshot())
    #expect(abs(loss - plain.loss(Self.window)) < 1e-5)
    for tensor in gradient {
      for index in Swift.stride(from: 0, to: tensor.values.count, by: 1 + tensor.values.count / 40) {
        let expected = slope(of: (tensor.name, index), in: &plain)
        #expect(abs(Double(tensor.values[index]) - expected) < 1e-6, "\(tensor.name)[\(index)]")
      }
    }
  }

  // The rectifier's kinks are closer than single precision can tell differences apart.
  @Test("weights under dropout, whose choices a step's two passes share", arguments: [CellKind.elmanTanh, .gru, .lstm])
  func underDropout(cell: CellKind) throws {
    let shape = try TestNetwork.shape(cell, layers: 3, hiddenSize: 8)
    let trainer = try TestNetwork.trainer(shape, dropout: 0.4)
    let window = TestNetwork.windows(count: 1)[0]
    let gradient = trainer.gradientTensors(window).1.map(\.values.array)
    for (tensor, found) in zip(trainer.weightTensors, gradient) {
      for index in Swift.stride(from: 0, to: found.count, by: 37) {
        let original = tensor.values[index]
        tensor.values[index] = original + 0x1p-7
        let above = trainer.gradientTensors(window).loss
        tensor.values[index] = original - 0x1p-7
        let expected = (above - trainer.gradientTensors(window).loss) / 0x1p-6
        tensor.values[index] = original
        #expect(abs(Double(found[index]) - expected) < 3e-4, "\(tensor.name)[\(index)]")
      }
    }
  }

  @Test("the gradient's way back through time, by lag", arguments: CellKind.allCases)
  func gradientFlow(cell: CellKind) throws {
    let trainer = try TestNetwork.trainer(TestNetwork.shape(cell, layers: 2))
    let tokens: [TokenID] = [0, 3, 5, 5, 1, 6, 2]
    let flow = try GradientFlow(of: tokens, with: trainer.snapshot())
    let plain = PlainNetwork(trainer.snapshot())
    let inputs = Array(tokens.dropLast())
    let targets = [TokenID](repeating: -1, count: inputs.count - 1) + [tokens[inputs.count]]
    #expect(abs(flow.loss - plain.losses(inputs: inputs, targets: targets)[0]) < 1e-6)
    #expect(flow.norms.count == inputs.count)
    for (lag, norm) in flow.norms.enumerated() {
      var square = 0.0
      for layer in 0..<2 {
        for unit in 0..<4 {
          let step = inputs.count - 1 - lag
          func loss(_ change: Double) -> Double {
            let nudge = PlainNetwork.Nudge(layer: layer, step: step, unit: unit, change: change)
            return plain.losses(inputs: inputs, targets: targets, nudge: nudge)[0]
          }
          let slope = (loss(1e-5) - loss(-1e-5)) / 2e-5
          square += slope * slope
        }
      }
      #expect(abs(norm - square.squareRoot()) < 1e-6, "lag \(lag)")
    }
  }

  @Test("a text too short to have a last prediction, or with an unknown token, has no flow")
  func gradientFlowRefuses() throws {
    let snapshot = try TestNetwork.trainer(TestNetwork.shape(.lstm)).snapshot()
    #expect(throws: NetworkError.nothingToPredict) { try GradientFlow(of: [1], with: snapshot) }
    #expect(throws: NetworkError.tokenOutOfRange(found: 7, vocabularySize: 7)) {
      try GradientFlow(of: [1, 7], with: snapshot)
    }
    #expect(throws: NetworkError.tokenOutOfRange(found: -1, vocabularySize: 7)) {
      try GradientFlow(of: [1, -1], with: snapshot)
    }
  }

  @Test("what comes before the window's states gets no gradient, but its states count")
  func truncation() throws {
    let trainer = try TestNetwork.trainer(TestNetwork.shape(.lstm, layers: 1))
    let windows = TestNetwork.windows(count: 2)
    var state = BatchState(zeroFor: trainer.shape, batchSize: 3)
    _ = try trainer.update(windows[0], from: &state, settings: UpdateSettings(learningRate: 0))
    let carried = trainer.gradientTensors(windows[1], from: state)
    let fresh = trainer.gradientTensors(windows[1]).loss
    #expect(carried.loss != fresh)
    let evaluator = Evaluator()
    var reader = HiddenState(zeroFor: trainer.shape)
    for step in 0..<4 { evaluator.advance(&reader, by: windows[0].inputs[step * 3], with: trainer.snapshot()) }
    for (found, expected) in zip(state.sequences[0].values, reader.values) { #expect(abs(found - expected) < 1e-6) }
  }

  /// The central difference quotient of a plain network's loss in one of its weights.
  private func slope(of weight: (String, Int), in network: inout PlainNetwork) -> Double {
    let original = network.weights[weight.0]?[weight.1] ?? .nan
    network.weights[weight.0]?[weight.1] = original + 1e-5
    let above = network.loss(Self.window)
    network.weights[weight.0]?[weight.1] = original - 1e-5
    let below = network.loss(Self.window)
    network.weights[weight.0]?[weight.1] = original
    return (above - below) / 2e-5
  }
}
