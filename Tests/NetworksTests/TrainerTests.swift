import Kernels
import Testing

@testable import Networks

/// An optimiser of each kind.
private let optimizers: [Optimizer] = [.sgd(), .sgd(momentum: 0.9, weightDecay: 1e-3), .adamW()]

@Suite("A trainer")
struct TrainerTests {
  private static let settings = UpdateSettings(learningRate: 0.05, clipNorm: 0.5)

  // With 25 sequences two and three threads have enough to go through time apart from each other.
  @Test(
    "gives the same bits from the same seed, whatever the number of threads", arguments: CellKind.allCases, [5, 25])
  func isDeterministic(cell: CellKind, batchSize: Int) throws {
    let shape = try TestNetwork.shape(cell, layers: 2, vocabularySize: 300, hiddenSize: 40)
    var bits: [[UInt32]] = []
    for threadCount in [1, 1, 2, 3] {
      let trainer = try Trainer(
        shape: shape, optimizer: .adamW(), dropout: 0.3, seed: 5, team: ThreadTeam(threadCount: threadCount))
      var state = BatchState(zeroFor: shape, batchSize: batchSize)
      let padded = TestNetwork.unequalWindow((0..<batchSize).map { [TokenID](repeating: 1, count: 2 + $0 % 7) })
      for window in TestNetwork.windows(count: 3, batchSize: batchSize, length: 6, vocabularySize: 300) + [padded] {
        _ = try trainer.update(window, from: &state, settings: Self.settings)
      }
      bits.append(trainer.stateBits + state.sequences.flatMap { $0.values.map(\.bitPattern) })
    }
    #expect(bits[1] == bits[0])
    #expect(bits[2] == bits[0])
    #expect(bits[3] == bits[0])
    let same = try Trainer(shape: shape, optimizer: .adamW(), seed: 5)
    let other = try Trainer(shape: shape, optimizer: .adamW(), seed: 6)
    #expect(other.weightBits != same.weightBits)
  }

  @Test("learns a sentence by heart", arguments: CellKind.allCases, optimizers)
  fileprivate func learns(cell: CellKind, optimizer: Optimizer) throws {
    let trainer = try Trainer(
      shape: TestNetwork.shape(cell, layers: 1, hiddenSize: 16), optimizer: optimizer, seed: 1)
    let window = TestNetwork.unequalWindow([[0, 3, 1, 4, 1, 5, 2, 6, 5, 3, 5]])
    let rate = optimizer == .sgd() ? 1 : optimizer == .adamW() ? 0.03 : 0.2
    var losses: [Double] = []
    for _ in 0..<150 {
      var state = BatchState(zeroFor: trainer.shape, batchSize: 1)
      losses.append(
        try trainer.update(window, from: &state, settings: UpdateSettings(learningRate: rate, clipNorm: 1)).loss)
    }
    #expect(losses[0] > 1.5)
    #expect(losses[149] < 0.25)
    #expect(trainer.step == 150)
  }

  @Test("learns as well with products in bfloat16, losses within a hundredth", arguments: CellKind.allCases)
  func learnsInBFloat16(cell: CellKind) throws {
    let shape = try TestNetwork.shape(cell, vocabularySize: 40, hiddenSize: 24)
    let windows = TestNetwork.windows(count: 120, batchSize: 4, length: 8, vocabularySize: 40)
    let curves = try [ProductPrecision.single, .bfloat16].map { precision in
      let trainer = try Trainer(shape: shape, optimizer: .sgd(), seed: 8, precision: precision)
      var state = BatchState(zeroFor: shape, batchSize: 4)
      return try windows.map {
        try trainer.update($0, from: &state, settings: UpdateSettings(learningRate: 2, clipNorm: 0.5)).loss
      }
    }
    #expect(curves[0] != curves[1])
    let means = curves.map { $0.reduce(0, +) / 120 }
    #expect(curves.allSatisfy { $0[119] < 0.6 * $0[0] })
    #expect(abs(means[1] - means[0]) < 0.01 * means[0])
  }

  @Test(
    "treats sequences in a batch as if each were alone, whatever padding follows them", arguments: CellKind.allCases)
  func paddingIsIndependent(cell: CellKind) throws {
    let sequences: [[TokenID]] = [[0, 3, 1], [2, 5, 5, 1, 6, 4], [6, 1]]
    let trainer = try TestNetwork.trainer(TestNetwork.shape(cell))
    let evaluator = Evaluator()
    var expected = [Double](repeating: 0, count: trainer.weightBits.count)
    var expectedLoss = 0.0
    for sequence in sequences {
      let (loss, gradient) = trainer.gradientTensors(TestNetwork.unequalWindow([sequence]))
      let share = Double(sequence.count - 1) / 8
      expectedLoss += loss * share
      for (index, number) in gradient.flatMap(\.values.array).enumerated() { expected[index] += Double(number) * share }
    }
    let window = TestNetwork.unequalWindow(sequences)
    #expect(window.targetCount == 8)
    let (loss, gradient) = trainer.gradientTensors(window)
    #expect(abs(loss - expectedLoss) < 1e-6)
    for (found, expected) in zip(gradient.flatMap(\.values.array), expected) {
      #expect(abs(Double(found) - expected) < 1e-6)
    }
    var state = BatchState(zeroFor: trainer.shape, batchSize: 3)
    trainer.clearTouchedRows()
    let snapshot = trainer.snapshot()
    _ = try trainer.update(window, from: &state, settings: Self.settings)
    for (sequence, found) in zip(sequences, state.sequences) {
      var alone = HiddenState(zeroFor: trainer.shape)
      evaluator.advance(&alone, by: sequence.dropLast(), with: snapshot)
      for (found, expected) in zip(found.values, alone.values) { #expect(abs(found - expected) < 1e-6) }
    }
  }

  @Test("says the loss, the tokens, the norm before clipping, and whether it clipped")
  func reports() throws {
    let window = TestNetwork.unequalWindow([[0, 3, 1], [2, 5, 5, 1]])
    func update(_ settings: UpdateSettings) throws -> UpdateResult {
      let trainer = try TestNetwork.trainer(TestNetwork.shape(.gru))
      var state = BatchState(zeroFor: trainer.shape, batchSize: 2)
      return try trainer.update(window, from: &state, settings: settings)
    }
    let free = try update(UpdateSettings(learningRate: 0.1))
    #expect(free.tokenCount == 5)
    #expect(free.gradientNorm > 0.1 && !free.clipped)
    let loose = try update(UpdateSettings(learningRate: 0.1, clipNorm: 100, clipValue: 100))
    #expect(loose == free)
    let tight = try update(UpdateSettings(learningRate: 0.1, clipNorm: 0.1))
    #expect(tight.clipped && tight.gradientNorm == free.gradientNorm && tight.loss == free.loss)
    let cut = try update(UpdateSettings(learningRate: 0.1, clipValue: 1e-3))
    #expect(cut.clipped)
  }

  @Test("clips by norm first and by value after, where both are asked for")
  func clipsByBoth() throws {
    let window = TestNetwork.windows(count: 1)[0]
    let trainer = try TestNetwork.trainer(TestNetwork.shape(.lstm))
    let (_, gradient) = trainer.gradientTensors(window)
    let factor = Float(0.05 / (trainer.gradientNorm() + 1e-6))
    let expected = gradient.flatMap(\.values.array).map { min(max($0 * factor, -0.005), 0.005) }
    #expect(factor < 1)
    #expect(expected.contains(0.005) || expected.contains(-0.005))
    let before = trainer.weightTensors.flatMap(\.values.array)
    var state = BatchState(zeroFor: trainer.shape, batchSize: 3)
    trainer.clearTouchedRows()
    _ = try trainer.update(
      window, from: &state, settings: UpdateSettings(learningRate: 1, clipNorm: 0.05, clipValue: 0.005))
    for ((before, after), expected) in zip(zip(before, trainer.weightTensors.flatMap(\.values.array)), expected) {
      #expect(abs(before - after - expected) < 1e-6)
    }
  }

  @Test("changes a decoder by factors as by the whole gradient, and reports the same norm", arguments: [2, 8, 9])
  func factoredGradient(targetCount: Int) throws {
    let shape = try TestNetwork.shape(.gru, vocabularySize: VocabularyPass.leastSize + 1, hiddenSize: 16)
    let trainer = try TestNetwork.trainer(shape)
    let tokens = (0...targetCount).map { TokenID($0 * $0 * 20 % 1000) }
    let window = TestNetwork.unequalWindow([tokens, [3]])
    let (loss, gradient) = trainer.gradientTensors(window)
    let expected = gradient.flatMap(\.values.array)
    let norm = trainer.gradientNorm()
    let before = trainer.weightTensors.flatMap(\.values.array)
    trainer.clearTouchedRows()
    var state = BatchState(zeroFor: shape, batchSize: 2)
    let result = try trainer.update(
      window, from: &state, settings: UpdateSettings(learningRate: 0.5, clipNorm: 0.5 * norm))
    #expect((trainer.factoredDecoderGradient != nil) == (targetCount <= 8))
    #expect(result.loss == loss)
    #expect(abs(result.gradientNorm - norm) < 1e-6 * norm)
    for ((before, after), gradient) in zip(zip(before, trainer.weightTensors.flatMap(\.values.array)), expected) {
      #expect(abs(before - 0.25 * gradient - after) < 1e-6)
    }
  }

  @Test("goes on bit for bit from what it would save", arguments: optimizers)
  fileprivate func resumes(optimizer: Optimizer) throws {
    let windows = TestNetwork.windows(count: 4)
    let original = try TestNetwork.trainer(TestNetwork.shape(.lstm), optimizer: optimizer, dropout: 0.2)
    var state = BatchState(zeroFor: original.shape, batchSize: 3)
    for window in windows[..<2] { _ = try original.update(window, from: &state, settings: Self.settings) }
    let saved = Dictionary(
      uniqueKeysWithValues: (original.weightTensors + original.optimizerTensors).map { ($0.name, $0.values.array) })
    let resumed = try Trainer(
      restoring: original.shape, optimizer: optimizer, dropout: 0.2, seed: original.seed, step: original.step,
      refusal: TestNetwork.asItIs
    ) { tensor throws(NetworkError) in tensor.values.copy(from: saved[tensor.name] ?? []) }
    var resumedState = state
    for window in windows[2...] {
      let first = try original.update(window, from: &state, settings: Self.settings)
      let second = try resumed.update(window, from: &resumedState, settings: Self.settings)
      #expect(second == first)
    }
    #expect(resumed.stateBits == original.stateBits)
    #expect(resumedState == state)
  }

  /// Makes a trainer whose tensors are zeros but for one number.
  private static func restore(_ name: String, _ value: Float, step: Int = 3) throws -> Trainer {
    try Trainer(
      restoring: TestNetwork.shape(.gru), optimizer: .adamW(), seed: 1, step: step, refusal: TestNetwork.asItIs
    ) { tensor throws(NetworkError) in if tensor.name == name { tensor.values[2] = value } }
  }

  @Test("refuses to go on from numbers that are not finite or beyond use", arguments: [Float.nan, .infinity, -1e30])
  func refusesBadNumbers(value: Float) throws {
    #expect(throws: NetworkError.diverged(.weights)) { try Self.restore("rnn.bias_hh_l1", value) }
    #expect(throws: NetworkError.diverged(.moments)) { try Self.restore("exp_avg.decoder.bias", value) }
    #expect(throws: NetworkError.diverged(.moments)) { try Self.restore("exp_avg_sq.encoder.weight", value) }
  }

  @Test("refuses mean squares below zero and steps that cannot be")
  func refusesImpossibleMoments() throws {
    #expect(throws: NetworkError.diverged(.moments)) { try Self.restore("exp_avg_sq.rnn.weight_ih_l0", -1e-9) }
    #expect(throws: NetworkError.self) { try Self.restore("none", 0, step: -1) }
    #expect(throws: NetworkError.self) { try Self.restore("none", 0, step: .max) }
    #expect(try Self.restore("exp_avg_sq.rnn.weight_ih_l0", 1e30).step == 3)
  }

  @Test("drops nothing in reading, and differently in every step")
  func dropsInTrainingOnly() throws {
    let shape = try TestNetwork.shape(.lstm, hiddenSize: 16)
    let plain = try TestNetwork.trainer(shape)
    let dropping = try TestNetwork.trainer(shape, dropout: 0.5)
    let window = TestNetwork.windows(count: 1)[0]
    #expect(plain.gradientTensors(window).loss != dropping.gradientTensors(window).loss)
    #expect(dropping.gradientTensors(window).loss == dropping.gradientTensors(window).loss)
    let first = dropping.gradientTensors(window).loss
    dropping.step += 1
    #expect(dropping.gradientTensors(window).loss != first)
    var states = [HiddenState(zeroFor: shape), HiddenState(zeroFor: shape)]
    let evaluator = Evaluator()
    #expect(
      evaluator.score([1, 2, 3], from: &states[0], with: plain.snapshot())
        == evaluator.score([1, 2, 3], from: &states[1], with: dropping.snapshot()))
    let single = try TestNetwork.shape(.lstm, layers: 1)
    let loss = try TestNetwork.trainer(single).gradientTensors(window).loss
    let droppedLoss = try TestNetwork.trainer(single, dropout: 0.5).gradientTensors(window).loss
    #expect(loss == droppedLoss, "nothing is dropped after the last layer")
  }

  @Test("publishes snapshots that later updates leave alone")
  func snapshotsAreImmutable() throws {
    let trainer = try TestNetwork.trainer(TestNetwork.shape(.gru))
    var state = BatchState(zeroFor: trainer.shape, batchSize: 3)
    var held: [(WeightsSnapshot, [[Float]])] = []
    for window in TestNetwork.windows(count: 6) {
      let snapshot = trainer.snapshot()
      held.append((snapshot, snapshot.tensors.map(\.values.array)))
      _ = trainer.snapshot()
      _ = try trainer.update(window, from: &state, settings: Self.settings)
      if held.count == 4 { held.removeFirst(2) }
    }
    for (snapshot, values) in held { #expect(snapshot.tensors.map(\.values.array) == values) }
    #expect(held[0].1 != held[1].1)
    #expect(trainer.snapshot().tensors.map(\.values.array) == trainer.weightTensors.map(\.values.array))
  }

  @Test("an update leaves weights that are held where they are, whatever was made ready or given back before")
  func staysInPlace() throws {
    let shape = try TestNetwork.shape(.lstm, vocabularySize: 60)
    let trainer = try TestNetwork.trainer(shape)
    let steps: [(Trainer) -> Void] = [
      { _ in }, { $0.prepareForUpdate() }, { $0.releaseWorkspace() },
      { trainer in
        trainer.prepareForUpdate()
        trainer.releaseWorkspace()
      },
    ]
    for (window, step) in zip(TestNetwork.windows(count: 4, batchSize: 2, length: 2, vocabularySize: 60), steps) {
      let held = trainer.snapshot()
      let values = held.tensors.map(\.values.array)
      step(trainer)
      #expect(trainer.snapshot().storage === held.storage)
      var state = BatchState(zeroFor: trainer.shape, batchSize: 2)
      _ = try trainer.update(window, from: &state, settings: Self.settings)
      #expect(trainer.snapshot().storage !== held.storage)
      #expect(held.tensors.map(\.values.array) == values)
    }
  }

  @Test("learns the same whether or not snapshots are published, held, and let go of", arguments: optimizers)
  fileprivate func publishingChangesNothing(optimizer: Optimizer) throws {
    for output in OutputKind.allCases {
      let shape = try TestNetwork.shape(.gru, output: output, vocabularySize: 60)
      let quiet = try TestNetwork.trainer(shape, optimizer: optimizer)
      let publishing = try TestNetwork.trainer(shape, optimizer: optimizer)
      var held: [WeightsSnapshot] = []
      for (index, window) in TestNetwork.windows(count: 24, batchSize: 2, length: 2, vocabularySize: 60).enumerated() {
        for trainer in [quiet, publishing] {
          if index % 8 == 5 { try trainer.grow(toVocabulary: 60 + 100 * index) }
          var state = BatchState(zeroFor: trainer.shape, batchSize: 2)
          _ = try trainer.update(window, from: &state, settings: Self.settings)
        }
        if index % 3 != 1 { held = [publishing.snapshot()] }
        if index % 5 == 0 { held.append(publishing.snapshot()) }
        if index % 4 == 0 { publishing.prepareForUpdate() }
        if index % 11 == 10 { publishing.releaseWorkspace() }
        if index % 7 == 6 { held.removeAll() }
        #expect(publishing.stateBits == quiet.stateBits, "after window \(index), \(output)")
      }
    }
  }
}
