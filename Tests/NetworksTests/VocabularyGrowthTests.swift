import Kernels
import Testing

@testable import Networks

@Suite("A vocabulary that grows")
struct VocabularyGrowthTests {
  private static let optimizers: [Optimizer] = [.sgd(), .sgd(momentum: 0.9, weightDecay: 1e-3), .adamW()]
  private static let settings = UpdateSettings(learningRate: 0.1, clipNorm: 0.5)

  @Test("begins as that of a network made with its size", arguments: OutputKind.allCases)
  func growsIntoTheSame(output: OutputKind) throws {
    let grown = try Trainer(shape: TestNetwork.shape(.gru, output: output), optimizer: .adamW(), seed: 9)
    for size in [8, 9, 20, 300, 301, 1200] {
      try grown.grow(toVocabulary: size)
      let made = try Trainer(
        shape: TestNetwork.shape(.gru, output: output, vocabularySize: size), optimizer: .adamW(), seed: 9)
      #expect(grown.shape == made.shape)
      #expect(grown.stateBits == made.stateBits)
    }
  }

  @Test(
    "trains as one that had its size all along: spare rows count for nothing", arguments: optimizers,
    OutputKind.allCases)
  func spareRowsCountForNothing(optimizer: Optimizer, output: OutputKind) throws {
    let made = try Trainer(
      shape: TestNetwork.shape(.lstm, output: output, vocabularySize: 9), optimizer: optimizer, seed: 4)
    let grown = try Trainer(shape: TestNetwork.shape(.lstm, output: output), optimizer: optimizer, seed: 4)
    try grown.grow(toVocabulary: 9)
    #expect(grown.weights.layout.vocabularyCapacity > 9)
    #expect(made.weights.layout.vocabularyCapacity == 9)
    for trainer in [made, grown] {
      var state = BatchState(zeroFor: trainer.shape, batchSize: 3)
      for window in TestNetwork.windows(count: 4, vocabularySize: 9) {
        _ = try trainer.update(window, from: &state, settings: Self.settings)
      }
    }
    #expect(grown.stateBits == made.stateBits)
    let layout = grown.weights.layout
    let used = Set(layout.entries.flatMap { $0.offset..<$0.offset + $0.count })
    for parameters in [grown.weights] + grown.moments {
      let spare = parameters.buffer.all.array.enumerated().filter { !used.contains($0.offset) }
      #expect(!spare.isEmpty && spare.allSatisfy { $0.element == 0 })
    }
  }

  @Test("keeps what it learned, and learns its new words", arguments: optimizers)
  func keepsWhatItLearned(optimizer: Optimizer) throws {
    let trainer = try Trainer(shape: TestNetwork.shape(.gru), optimizer: optimizer, seed: 2)
    var state = BatchState(zeroFor: trainer.shape, batchSize: 3)
    for window in TestNetwork.windows(count: 3) {
      _ = try trainer.update(window, from: &state, settings: Self.settings)
    }
    let before = Dictionary(
      uniqueKeysWithValues: (trainer.weightTensors + trainer.optimizerTensors).map { ($0.name, $0.values.array) })
    try trainer.grow(toVocabulary: 500)
    for tensor in trainer.weightTensors + trainer.optimizerTensors {
      let old = before[tensor.name] ?? []
      #expect(Array(tensor.values.array.prefix(old.count)) == old, "\(tensor.name)")
    }
    let encoder = trainer.weights.encoder.row(499).array
    let result = try trainer.update(
      TestNetwork.unequalWindow([[499, 3, 499], [1, 2, 3], [400, 400, 2]]), from: &state, settings: Self.settings)
    #expect(result.tokenCount == 6)
    #expect(trainer.weights.encoder.row(499).array != encoder)
    #expect(trainer.snapshot().shape.vocabularySize == 500)
  }

  @Test("takes back words that were not taught after all")
  func shrinks() throws {
    let trainer = try TestNetwork.trainer(TestNetwork.shape(.lstm), optimizer: .adamW())
    let bits = trainer.stateBits
    try trainer.grow(toVocabulary: 30)
    trainer.shrink(toVocabulary: 7)
    #expect(trainer.stateBits == bits)
    #expect(trainer.shape.vocabularySize == 7)
    trainer.shrink(toVocabulary: 9)
    try trainer.grow(toVocabulary: 3)
    #expect(trainer.shape.vocabularySize == 7)
  }

  @Test("refuses sizes that cannot be addressed, and stays as it is", arguments: [Int(Int32.max) + 1, .max])
  func refusesAbsurdSizes(size: Int) throws {
    let trainer = try TestNetwork.trainer(TestNetwork.shape(.gru))
    #expect(throws: NetworkError.badSize(name: "vocabulary size", found: size)) {
      try trainer.grow(toVocabulary: size)
    }
    #expect(trainer.shape.vocabularySize == 7)
  }
}
