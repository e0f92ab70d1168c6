import Testing

@testable import Kernels

@Suite("The output layer over a large vocabulary")
struct VocabularyPassTests {
  /// An output layer's operands and what a pass makes of them.
  private struct Layer {
    let hidden: Matrix
    let weights: Matrix
    let bias: Vector
    let targets: [Int32]
    let losses: Vector
    let weightsGradient: Matrix
    let gradients: VocabularyPass.Gradients

    init(positions: Int, depth: Int, size: Int, accumulates: Bool = false) {
      hidden = randomMatrix(positions, depth, seed: 1, gap: 3)
      weights = randomMatrix(size, depth, seed: 2, gap: 5)
      bias = randomVector(size, seed: 3, within: 2)
      targets = (0..<positions).map { Int32($0 * 61 % size) }
      losses = FloatBuffer(count: positions).all
      weightsGradient = randomMatrix(size, depth, seed: 5, gap: 2)
      gradients = .init(
        hidden: randomMatrix(positions, depth, seed: 4, gap: 1), weights: weightsGradient,
        bias: randomVector(size, seed: 6), accumulates: accumulates)
    }

    func run(_ pass: VocabularyPass = VocabularyPass(), threadCount: Int = 1) {
      pass.sendBack(
        hidden, weights: weights, bias: bias, targets: targets.span, scale: 0.25, losses: losses, gradients: gradients,
        team: ThreadTeam(threadCount: threadCount))
    }

    /// The same by the plain loops, from logits written out.
    func runPlainly() {
      let logits = Matrix(rows: hidden.rows, columns: weights.rows)
      Reference.multiply(hidden, weights, bias: bias, transposeB: true, into: logits)
      Reference.softmaxCrossEntropy(logits: logits, targets: targets.span, scale: 0.25, losses: losses)
      Reference.multiply(logits, weights, into: gradients.hidden)
      Reference.multiply(
        logits, hidden, transposeA: true, accumulate: gradients.accumulates, into: weightsGradient)
      if !gradients.accumulates { gradients.bias.fill(with: 0) }
      Reference.addColumnSums(of: logits, to: gradients.bias)
    }

    var results: [[Float]] {
      [losses.array, numbers(gradients.hidden), numbers(weightsGradient), gradients.bias.array]
    }
  }

  static let shapes = [
    (1, 1, 1), (1, 16, 120), (2, 33, 121), (20, 40, 239), (33, 8, 1025), (70, 31, 1600), (9, 65, 60),
  ]

  @Test("losses and gradients equal those from logits written out", arguments: shapes, [false, true])
  func equalsReference(shape: (Int, Int, Int), accumulates: Bool) {
    let (fast, plain) = (
      Layer(positions: shape.0, depth: shape.1, size: shape.2, accumulates: accumulates),
      Layer(positions: shape.0, depth: shape.1, size: shape.2, accumulates: accumulates)
    )
    fast.run()
    plain.runPlainly()
    for (found, expected) in zip(fast.results, plain.results) { #expect(distance(found, expected) < 5e-6) }
    let losses = FloatBuffer(count: shape.0).all
    VocabularyPass().losses(
      fast.hidden, weights: fast.weights, bias: fast.bias, targets: fast.targets.span, into: losses, team: ThreadTeam())
    #expect(losses.array == fast.losses.array)
  }

  @Test("the weights' gradient may stay in factors", arguments: shapes)
  func factors(shape: (Int, Int, Int)) {
    let whole = Layer(positions: shape.0, depth: shape.1, size: shape.2)
    whole.run()
    let layer = Layer(positions: shape.0, depth: shape.1, size: shape.2)
    let left = VocabularyPass().sendBack(
      layer.hidden, weights: layer.weights, bias: layer.bias, targets: layer.targets.span, scale: 0.25,
      losses: layer.losses,
      gradients: .init(
        hidden: layer.gradients.hidden, weights: nil, bias: layer.gradients.bias, accumulates: false),
      team: ThreadTeam())
    Reference.multiply(left, layer.hidden, into: layer.weightsGradient)
    for (found, expected) in zip(layer.results, whole.results) { #expect(distance(found, expected) < 1e-6) }
  }

  @Test("in bfloat16 they differ by its rounding alone", arguments: shapes)
  func bfloat16(shape: (Int, Int, Int)) {
    let (fast, plain) = (
      Layer(positions: shape.0, depth: shape.1, size: shape.2), Layer(positions: shape.0, depth: shape.1, size: shape.2)
    )
    fast.run(VocabularyPass(precision: .bfloat16))
    plain.runPlainly()
    for (found, expected) in zip(fast.results, plain.results) { #expect(distance(found, expected) < 0.05) }
    #expect(shape.1 == 1 || distance(fast.losses.array, plain.losses.array) > 0)
  }

  @Test("the bits do not depend on the number of threads", arguments: [ProductPrecision.single, .bfloat16])
  func bitsAreFixed(precision: ProductPrecision) {
    let layers = [1, 2, 3].map { threadCount in
      let layer = Layer(positions: 45, depth: 24, size: 1500)
      layer.run(VocabularyPass(precision: precision), threadCount: threadCount)
      return layer.results
    }
    #expect(layers[0] == layers[1])
    #expect(layers[0] == layers[2])
  }

  @Test("a pass of another shape leaves nothing behind", arguments: [ProductPrecision.single, .bfloat16])
  func reuse(precision: ProductPrecision) {
    let (fresh, reused) = (Layer(positions: 7, depth: 20, size: 1100), Layer(positions: 7, depth: 20, size: 1100))
    let pass = VocabularyPass(precision: precision)
    Layer(positions: 50, depth: 40, size: 1300).run(pass)
    fresh.run(VocabularyPass(precision: precision))
    reused.run(pass)
    #expect(fresh.results == reused.results)
  }

  @Test("logits that are far apart neither overflow nor vanish")
  func stable() {
    let layer = Layer(positions: 3, depth: 1, size: 1200)
    for position in 0..<3 { layer.hidden[position, 0] = 1 }
    for word in 0..<1200 { layer.weights[word, 0] = word == 700 ? 3000 : Float(-word) }
    layer.bias.fill(with: 0)
    layer.run()
    #expect((0..<3).allSatisfy { layer.losses[$0] >= 2999 && layer.losses[$0].isFinite })
    #expect(!numbers(layer.weightsGradient).contains { !$0.isFinite })
    #expect(abs(layer.gradients.bias[700] - 0.75) < 1e-6)
    #expect(abs(layer.gradients.bias[61] + 0.25) < 1e-6)
  }

  @Test("a logit that is not a number makes the loss not a number")
  func notANumber() {
    let layer = Layer(positions: 2, depth: 4, size: 1024)
    layer.hidden[1, 2] = .nan
    layer.run()
    #expect(layer.losses[0].isFinite)
    #expect(layer.losses[1].isNaN)
  }
}
