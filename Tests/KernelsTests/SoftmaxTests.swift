import Foundation
import Testing

@testable import Kernels

@Suite("Softmax")
struct SoftmaxTests {
  @Test("softmax, its logarithm and log-sum-exp equal the plain loops", arguments: edgeSizes + [10_000])
  func equalsReference(count: Int) {
    let logits = randomVector(count, seed: 1, within: 9)
    #expect(count == 0 || abs(Float(logSumExp(logits)) - Reference.logSumExp(logits)) < 2e-6)
    for (fast, plain) in [
      ({ softmax($0) }, { Reference.softmax($0) }), ({ logSoftmax($0, into: $0) }, { Reference.logSoftmax($0) }),
    ] as [((Vector) -> Void, (Vector) -> Void)] {
      let (found, expected) = (copy(logits), copy(logits))
      fast(found)
      plain(expected)
      #expect(distance(found.array, expected.array) < 2e-6)
    }
    #expect(logSumExp(FloatBuffer(count: 0).all) == -.infinity)
  }

  @Test("large logits neither overflow nor vanish")
  func stable() {
    let logits = FloatBuffer([1000, 1001, -1000, 999]).all
    #expect(abs(Float(logSumExp(logits)) - Reference.logSumExp(logits)) < 1e-3)
    softmax(logits)
    #expect(abs(sum(logits) - 1) < 1e-6)
    #expect(logits[2] == 0)
  }

  @Test("cross-entropy and its gradient equal the plain loops", arguments: edgeSizes.dropFirst() + [2000])
  func crossEntropy(columns: Int) {
    let rows = 13
    let targets = (0..<rows).map { Int32($0 % 4 == 3 ? -1 : $0 * 7 % columns) }
    for threadCount in [1, 2] {
      let team = ThreadTeam(threadCount: threadCount)
      let logits = randomMatrix(rows, columns, seed: 1, gap: 2)
      scale(logits.owner.all, by: 8)
      let plain = copy(logits)
      let (losses, expected) = (FloatBuffer(count: rows).all, FloatBuffer(count: rows).all)
      let forward = FloatBuffer(count: rows).all
      logProbabilities(logits: logits, targets: targets.span, into: forward, team: team)
      softmaxCrossEntropy(logits: logits, targets: targets.span, scale: 0.25, losses: losses, team: team)
      Reference.softmaxCrossEntropy(logits: plain, targets: targets.span, scale: 0.25, losses: expected)
      #expect(distance(losses.array, expected.array) < 4e-6)
      #expect(distance(forward.array, expected.array.map { -$0 }) < 4e-6)
      #expect(distance(numbers(logits), numbers(plain)) < 1e-6)
      #expect(losses[3] == 0)
      #expect(logits.row(3).array.allSatisfy { $0 == 0 })
    }
  }

  @Test("a logit that is not a number makes the loss not a number")
  func notANumber() {
    let logits = randomMatrix(2, 40, seed: 1)
    logits[1, 39] = .nan
    let losses = FloatBuffer(count: 2).all
    let targets: [Int32] = [0, 0]
    softmaxCrossEntropy(logits: logits, targets: targets.span, scale: 1, losses: losses, team: ThreadTeam())
    #expect(losses[0].isFinite)
    #expect(losses[1].isNaN)
  }

  @Test("the gradient of each row sums to nothing")
  func gradientSums() {
    let logits = randomMatrix(5, 300, seed: 1)
    let losses = FloatBuffer(count: 5).all
    let targets: [Int32] = [0, 1, 299, 4, 5]
    softmaxCrossEntropy(logits: logits, targets: targets.span, scale: 1, losses: losses, team: ThreadTeam())
    for row in 0..<5 { #expect(abs(sum(logits.row(row))) < 1e-6) }
  }
}
