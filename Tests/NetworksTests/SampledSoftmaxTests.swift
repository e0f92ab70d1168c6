import Kernels
import Testing

@testable import Networks

@Suite("A softmax among a sample")
struct SampledSoftmaxTests {
  private static let window = TestNetwork.windows(count: 1)[0]

  private func gradient(
    _ trainer: Trainer, _ softmax: SampledSoftmax?
  ) -> (loss: Double, values: [(name: String, values: [Float])]) {
    trainer.clearTouchedRows()
    let loss = trainer.computeGradient(
      Self.window, from: BatchState(zeroFor: trainer.shape, batchSize: Self.window.batchSize), sampledSoftmax: softmax)
    return (loss, trainer.gradient.tensors().map { ($0.name, $0.values.array) })
  }

  @Test("that draws every word is the softmax among all", arguments: OutputKind.allCases)
  func wholeVocabulary(output: OutputKind) throws {
    let trainer = try TestNetwork.trainer(TestNetwork.shape(.gru, output: output))
    let whole = gradient(trainer, nil)
    let sampled = gradient(
      trainer,
      SampledSoftmax(noiseCount: 2000, counts: [Int](repeating: 3, count: TestNetwork.vocabularySize)))
    #expect(abs(sampled.loss - whole.loss) < 1e-5)
    for (found, expected) in zip(sampled.values, whole.values) {
      for (a, b) in zip(found.values, expected.values) { #expect(abs(a - b) < 1e-6, "\(found.name)") }
    }
  }

  @Test("has the gradient that finite differences of its loss say", arguments: OutputKind.allCases)
  func differences(output: OutputKind) throws {
    let trainer = try TestNetwork.trainer(TestNetwork.shape(.lstm, output: output, vocabularySize: 40))
    let softmax = SampledSoftmax(noiseCount: 6, counts: (0..<40).map { 40 - $0 })
    let found = gradient(trainer, softmax).values
    for (tensor, values) in zip(trainer.weightTensors, found.map(\.values)) {
      for index in Swift.stride(from: 0, to: values.count, by: 1 + values.count / 60) {
        let original = tensor.values[index]
        tensor.values[index] = original + 0x1p-7
        let above = gradient(trainer, softmax).loss
        tensor.values[index] = original - 0x1p-7
        let expected = (above - gradient(trainer, softmax).loss) / 0x1p-6
        tensor.values[index] = original
        #expect(abs(Double(values[index]) - expected) < 3e-4, "\(tensor.name)[\(index)]")
      }
    }
  }

  @Test("changes the output rows of the sample alone, the same at each time and others at the next step")
  func sampleOnly() throws {
    let shape = try TestNetwork.shape(.gru, vocabularySize: 500)
    let softmax = SampledSoftmax(noiseCount: 20, counts: [Int](repeating: 1, count: 500))
    func train() throws -> [[Float]] {
      let trainer = try TestNetwork.trainer(shape)
      var state = BatchState(zeroFor: shape, batchSize: Self.window.batchSize)
      return try (0..<2).map { _ in
        let before = trainer.weights.decoder.bias.array
        _ = try trainer.update(
          Self.window, from: &state, settings: UpdateSettings(learningRate: 1, sampledSoftmax: softmax))
        return zip(trainer.weights.decoder.bias.array, before).map { $0 - $1 }
      }
    }
    let (first, again) = (try train(), try train())
    #expect(first == again)
    for changes in first {
      let count = changes.count { $0 != 0 }
      #expect(count > 7 && count <= 20 + TestNetwork.vocabularySize)
    }
    #expect(first[0].map { $0 != 0 } != first[1].map { $0 != 0 })
  }

  @Test("draws words as often as they occur")
  func frequencies() {
    let softmax = SampledSoftmax(noiseCount: 40_000, counts: [5, 0, 2])
    var counts = [0, 0, 0]
    softmax.draw(key: 7) { counts[$0] += 1 }
    for (found, expected) in zip(counts, [0.6, 0.1, 0.3]) { #expect(abs(Double(found) / 40_000 - expected) < 0.01) }
    #expect(abs(softmax.logExpectation(of: 1, drawCount: 2) - (-1.6607)) < 1e-3)
  }
}
