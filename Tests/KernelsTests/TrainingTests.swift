import Testing

@testable import Kernels

@Suite("Embedding, updates and dropout")
struct TrainingTests {
  @Test("rows are gathered, and added back in order", arguments: [1, 7, 16, 33])
  func embedding(columns: Int) {
    let table = randomMatrix(5, columns, seed: 1, gap: 1)
    let indices: [Int32] = [4, 0, 4, 4, 2]
    let found = Matrix(rows: 5, columns: columns)
    gatherRows(of: table, at: indices.span, into: found)
    for (position, index) in indices.enumerated() {
      #expect(found.row(position).array == table.row(Int(index)).array)
    }
    let source = randomMatrix(5, columns, seed: 2)
    let (fast, plain) = (copy(table), copy(table))
    scatterAddRows(source, at: indices.span, to: fast)
    Reference.scatterAddRows(source, at: indices.span, to: plain)
    #expect(numbers(fast) == numbers(plain))
  }

  @Test("gradient descent equals the plain loops", arguments: edgeSizes + [40_000])
  func sgd(count: Int) {
    let settings = SGDSettings(learningRate: 0.3, momentum: 0.9, weightDecay: 0.01)
    for hasMomentum in [false, true] {
      var (fast, next) = (randomVector(count, seed: 1), randomVector(count, seed: 2))
      let plain = randomVector(count, seed: 1)
      let (fastBuffer, plainBuffer) = (FloatBuffer(count: count).all, FloatBuffer(count: count).all)
      for step in 0..<3 {
        let gradient = randomVector(count, seed: UInt64(10 + step))
        // In place, and from one place to another.
        if step > 0 { swap(&fast, &next) }
        sgdUpdate(
          weights: fast, from: step > 0 ? next : fast, gradient: gradient, gradientScale: 0.7,
          momentumBuffer: hasMomentum ? fastBuffer : nil,
          settings: settings, team: ThreadTeam(threadCount: 2))
        Reference.sgdUpdate(
          weights: plain, gradient: gradient, gradientScale: 0.7, momentumBuffer: hasMomentum ? plainBuffer : nil,
          settings: settings)
      }
      #expect(distance(fast.array, plain.array) < 1e-6)
      #expect(distance(fastBuffer.array, plainBuffer.array) < 1e-6)
    }
  }

  @Test("AdamW equals the plain loops", arguments: edgeSizes + [40_000])
  func adamW(count: Int) {
    let settings = AdamWSettings(learningRate: 0.01, weightDecay: 0.1)
    var (fast, next) = (randomVector(count, seed: 1), randomVector(count, seed: 2))
    let plain = randomVector(count, seed: 1)
    let moments = (0..<4).map { _ in FloatBuffer(count: count).all }
    for step in 1...3 {
      let gradient = randomVector(count, seed: UInt64(10 + step))
      // In place, and from one place to another.
      if step > 1 { swap(&fast, &next) }
      adamWUpdate(
        weights: fast, from: step > 1 ? next : fast, gradient: gradient, gradientScale: 0.7, firstMoment: moments[0],
        secondMoment: moments[1], step: step, settings: settings, team: ThreadTeam(threadCount: 2))
      Reference.adamWUpdate(
        weights: plain, gradient: gradient, gradientScale: 0.7, firstMoment: moments[2], secondMoment: moments[3],
        step: step, settings: settings)
    }
    #expect(distance(fast.array, plain.array) < 1e-6)
    #expect(distance(moments[0].array, moments[2].array) < 1e-7)
    #expect(distance(moments[1].array, moments[3].array) < 1e-7)
  }

  @Test("AdamW's first step moves a weight by the learning rate against its gradient's sign")
  func adamWFirstStep() {
    let weights = FloatBuffer([1, 1, 1]).all
    adamWUpdate(
      weights: weights, from: weights, gradient: FloatBuffer([0.5, -2, 0]).all, firstMoment: FloatBuffer(count: 3).all,
      secondMoment: FloatBuffer(count: 3).all, step: 1,
      settings: AdamWSettings(learningRate: 0.1, weightDecay: 0), team: ThreadTeam())
    #expect(distance(weights.array, [0.9, 1.1, 1]) < 1e-6)
  }

  @Test("dropout equals the plain loop, whole and in parts", arguments: edgeSizes)
  func dropout(count: Int) {
    let (fast, plain, parts) = (
      randomVector(count, seed: 1), randomVector(count, seed: 1), randomVector(count, seed: 1)
    )
    applyDropout(probability: 0.3, key: 42, to: fast)
    Reference.applyDropout(probability: 0.3, key: 42, to: plain)
    #expect(fast.array == plain.array)
    applyDropout(probability: 0.3, key: 42, to: parts[0..<count / 3])
    applyDropout(probability: 0.3, key: 42, firstIndex: count / 3, to: parts[count / 3..<count])
    #expect(parts.array == fast.array)
  }

  @Test("dropout drops its share, independently for each key and neighbour", arguments: [0.1, 0.5, 0.9])
  func dropoutStatistics(probability: Double) {
    let count = 200_000
    func dropped(key: UInt64) -> [Bool] {
      let values = FloatBuffer(count: count).all
      values.fill(with: 1)
      applyDropout(probability: probability, key: key, to: values)
      return values.array.map { $0 == 0 }
    }
    let (first, second) = (dropped(key: 1), dropped(key: 2))
    func share(_ flags: [Bool]) -> Double { Double(flags.count { $0 }) / Double(flags.count) }
    #expect(abs(share(first) - probability) < 0.005)
    #expect(abs(share(zip(first, second).map { $0 && $1 }) - probability * probability) < 0.005)
    #expect(abs(share(zip(first, first.dropFirst()).map { $0 && $1 }) - probability * probability) < 0.005)
  }

  @Test("no dropout leaves everything as it is")
  func noDropout() {
    let values = randomVector(20, seed: 1)
    applyDropout(probability: 0, key: 3, to: values)
    #expect(values.array == randomVector(20, seed: 1).array)
  }
}
