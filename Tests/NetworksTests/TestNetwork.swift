import Kernels

@testable import Networks

/// The three ways in which an output layer may be made.
enum OutputKind: String, CaseIterable, Sendable, Decodable {
  case untied, tied, projection
}

/// Networks with weights no two of which are alike, as the golden files' script draws them too.
enum TestNetwork {
  static let vocabularySize = 7

  static func shape(
    _ cell: CellKind, layers: Int = 2, output: OutputKind = .untied, vocabularySize: Int = vocabularySize,
    hiddenSize: Int = 4
  ) throws -> NetworkShape {
    try NetworkShape(
      cell: cell, vocabularySize: vocabularySize, embeddingSize: output == .tied ? hiddenSize : hiddenSize - 1,
      hiddenSize: hiddenSize, layerCount: layers, isTied: output != .untied)
  }

  /// A trainer whose weights are uniform in ±0.5, drawn tensor by tensor in the layout's order.
  static func trainer(
    _ shape: NetworkShape, optimizer: Optimizer = .sgd(), dropout: Double = 0, seed: UInt64 = 11, threadCount: Int = 1
  ) throws -> Trainer {
    var random = SplitMix64(seed: seed)
    return try Trainer(
      restoring: shape, optimizer: optimizer, dropout: dropout, seed: seed, step: 0,
      team: ThreadTeam(threadCount: threadCount), refusal: asItIs
    ) { tensor throws(NetworkError) in
      let isMoment = optimizer.momentPrefixes.contains { tensor.name.hasPrefix($0) }
      guard !isMoment else { return }
      for index in 0..<tensor.values.count { tensor.values[index] = random.nextUniform() - 0.5 }
    }
  }

  static func asItIs(_ error: NetworkError) -> NetworkError { error }

  /// Windows of a text that runs on: a first token for each sequence, then always the token one, sometimes two further
  /// on.
  static func windows(
    count: Int, batchSize: Int = 3, length: Int = 4, seed: UInt64 = 12, vocabularySize: Int = vocabularySize
  ) -> [TrainingWindow] {
    var random = SplitMix64(seed: seed)
    var text = (0..<batchSize).map { _ in TokenID(random.next() % UInt64(vocabularySize)) }
    while text.count < batchSize * (count * length + 1) {
      let token = text[text.count - batchSize] + (random.next() % 4 == 0 ? 2 : 1)
      text.append(token % TokenID(vocabularySize))
    }
    return (0..<count).map { index in
      let start = index * length * batchSize
      return TrainingWindow(
        batchSize: batchSize, sequenceLength: length, inputs: Array(text[start..<start + length * batchSize]),
        targets: Array(text[start + batchSize..<start + (length + 1) * batchSize]))
    }
  }

  /// Sequences of unequal lengths in one window.
  static func unequalWindow(_ sequences: [[TokenID]]) -> TrainingWindow {
    TrainingWindow(sequences: sequences.map { ($0.dropLast(), $0.dropFirst()) })
  }
}

extension Trainer {
  /// Every number of every weight.
  var weightBits: [UInt32] { weightTensors.flatMap { $0.values.array.map(\.bitPattern) } }

  /// Everything that an update may change.
  var stateBits: [UInt32] { weightBits + optimizerTensors.flatMap { $0.values.array.map(\.bitPattern) } }

  /// A window's gradient by tensor.
  func gradientTensors(_ window: TrainingWindow, from state: BatchState? = nil) -> (loss: Double, [NamedTensor]) {
    clearTouchedRows()
    let loss = computeGradient(window, from: state ?? BatchState(zeroFor: shape, batchSize: window.batchSize))
    return (loss, gradient.tensors())
  }
}
