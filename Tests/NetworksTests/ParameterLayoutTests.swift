import Kernels
import Testing

@testable import Networks

@Suite("A network's shape and layout")
struct ParameterLayoutTests {
  @Test("name every tensor as PyTorch does and count it", arguments: CellKind.allCases, OutputKind.allCases)
  func tensors(cell: CellKind, output: OutputKind) throws {
    let shape = try TestNetwork.shape(cell, layers: 3, output: output)
    let layout = ParameterLayout(shape: shape, vocabularyCapacity: 20)
    let rows = cell.gateCount * 4
    #expect(layout["rnn.weight_ih_l0"]?.dimensions == [rows, output == .tied ? 4 : 3])
    #expect(layout["rnn.weight_ih_l2"]?.dimensions == [rows, 4])
    #expect(layout["rnn.weight_hh_l1"]?.dimensions == [rows, 4])
    #expect(layout["rnn.bias_hh_l2"]?.dimensions == [rows])
    #expect(layout["rnn.bias_ih_l3"] == nil)
    #expect(layout["projection.weight"]?.dimensions == (output == .projection ? [3, 4] : nil))
    #expect(layout["projection.bias"]?.dimensions == (output == .projection ? [3] : nil))
    #expect(layout["encoder.weight"]?.dimensions == [7, output == .tied ? 4 : 3])
    #expect(layout["decoder.weight"]?.dimensions == (output == .untied ? [7, 4] : nil))
    #expect(layout["decoder.bias"]?.dimensions == [7])
    #expect(layout.entries.reduce(0) { $0 + $1.count } == shape.parameterCount)
    #expect(shape.hasProjection == (output == .projection))
  }

  @Test("keep tensors apart, on cache lines, the vocabulary's last and with room to grow")
  func placement() throws {
    for output in OutputKind.allCases {
      let layout = ParameterLayout(shape: try TestNetwork.shape(.lstm, output: output), vocabularyCapacity: 20)
      var end = 0
      for entry in layout.entries {
        #expect(entry.offset >= end && entry.offset % 16 == 0)
        end = entry.offset + (entry.growsWithVocabulary ? entry.count / 7 * 20 : entry.count)
      }
      #expect(end <= layout.count)
      let growing = layout.entries.map(\.growsWithVocabulary)
      #expect(growing == growing.sorted { !$0 && $1 })
      let roomy = ParameterLayout(
        shape: try layout.shape.resized(toVocabulary: 20), vocabularyCapacity: 20)
      #expect(roomy.entries.map(\.offset) == layout.entries.map(\.offset))
      #expect(roomy.count == layout.count)
    }
  }

  @Test("refuse sizes that make no network", arguments: [0, -1, .min, .max, Int(Int32.max) + 1])
  func badSizes(size: Int) {
    for position in 0..<4 {
      var sizes = [7, 4, 4, 2]
      sizes[position] = size
      #expect(throws: NetworkError.self) {
        try NetworkShape(
          cell: .lstm, vocabularySize: sizes[0], embeddingSize: sizes[1], hiddenSize: sizes[2], layerCount: sizes[3],
          isTied: true)
      }
    }
    let most = Int(Int32.max)
    #expect(throws: NetworkError.self) {
      try NetworkShape(
        cell: .lstm, vocabularySize: most, embeddingSize: most, hiddenSize: most, layerCount: most, isTied: false)
    }
  }

  @Test("count what the small benchmark network costs a token")
  func operations() throws {
    let shape = try NetworkShape(
      cell: .lstm, vocabularySize: 10_000, embeddingSize: 200, hiddenSize: 200, layerCount: 2, isTied: false)
    #expect(shape.parameterCount == 4_653_200)
    #expect(shape.trainingOperationsPerToken == 6 * 2_640_000)
  }

  @Test("first weights are spread over their ranges, each tensor its own")
  func initialWeights() throws {
    let shape = try TestNetwork.shape(.gru, vocabularySize: 400, hiddenSize: 25)
    let trainer = try Trainer(shape: shape, optimizer: .sgd(), seed: 3)
    var seen = Set<[Float]>()
    for tensor in trainer.weightTensors {
      let values = tensor.values.array
      if tensor.name == "decoder.bias" {
        #expect(values.allSatisfy { $0 == 0 })
        continue
      }
      let bound: Float =
        tensor.name.hasPrefix("rnn") ? 0.2 : tensor.name == "encoder.weight" ? Float(3).squareRoot() : 0.1
      let mean = values.reduce(0, +) / Float(values.count)
      #expect(values.allSatisfy { abs($0) <= bound })
      #expect((values.max() ?? 0) > 0.8 * bound && (values.min() ?? 0) < -0.8 * bound, "\(tensor.name)")
      let deviation = bound / (3 * Float(values.count)).squareRoot()
      #expect(abs(mean) < 4 * deviation, "\(tensor.name)")
      #expect(seen.insert(Array(values.prefix(20))).inserted)
    }
  }

  @Test(
    "optimisers are refused with numbers out of range",
    arguments: [
      Optimizer.sgd(momentum: 1), .sgd(momentum: -0.1), .sgd(momentum: .nan), .sgd(weightDecay: 2),
      .adamW(beta1: 1), .adamW(beta2: .nan), .adamW(epsilon: 0), .adamW(weightDecay: -1), .adamW(epsilon: .infinity),
    ])
  func badOptimizers(optimizer: Optimizer) throws {
    let shape = try TestNetwork.shape(.gru)
    #expect(throws: NetworkError.self) { try Trainer(shape: shape, optimizer: optimizer, seed: 0) }
  }

  @Test("dropout is refused out of range", arguments: [1, -0.1, .nan])
  func badDropout(dropout: Double) throws {
    let shape = try TestNetwork.shape(.gru)
    #expect(throws: NetworkError.self) { try Trainer(shape: shape, optimizer: .sgd(), dropout: dropout, seed: 0) }
  }
}
