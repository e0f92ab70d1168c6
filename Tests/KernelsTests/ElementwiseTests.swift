import Foundation
import Testing

@testable import Kernels

@Suite("Functions of single numbers, and sums")
struct ElementwiseTests {
  typealias Transform = @Sendable (Vector) -> Void

  static let functions: [(name: String, fast: Transform, plain: Transform)] = [
    ("exponential", { exponential($0) }, { Reference.exponential($0) }),
    ("sigmoid", { sigmoid($0) }, { Reference.sigmoid($0) }),
    ("tanh", { hyperbolicTangent($0) }, { Reference.hyperbolicTangent($0) }),
    ("scale", { scale($0, by: -1.7) }, { Reference.scale($0, by: -1.7) }),
    ("clip", { clip($0, toMagnitude: 0.4) }, { Reference.clip($0, toMagnitude: 0.4) }),
  ]

  @Test("every function equals its plain form at every length and touches nothing else", arguments: edgeSizes)
  func everyLength(count: Int) {
    for (name, fast, plain) in Self.functions {
      let buffer = FloatBuffer(count: count + 2)
      buffer.all.fill(with: 7)
      let target = buffer.vector(at: 1, count: count)
      target.copy(from: randomVector(count, seed: 1, within: 3))
      let expected = copy(target)
      plain(expected)
      fast(target)
      #expect(relativeError(target.array, expected.array) < 1e-6, "\(name)")
      #expect(buffer.all[0] == 7 && buffer.all[count + 1] == 7, "\(name)")
    }
  }

  @Test("exponential, sigmoid and tanh keep a relative error under 10⁻⁶ over their whole range")
  func wholeRange() {
    var values: [Float] = []
    for index in -40_000...40_000 { values.append(Float(index) * 0.0026) }
    for exponent in -149...6 { values += [Float(sign: .plus, exponent: exponent, significand: 1.37)] }
    values += values.map { -$0 }
    for (name, fast, plain) in Self.functions[..<3] {
      let target = FloatBuffer(values).all
      let expected = FloatBuffer(values).all
      fast(target)
      plain(expected)
      // Numbers under the normal range have fewer bits: there one of their steps is allowed.
      for index in values.indices {
        let tolerance = max(abs(expected[index]) * 1e-6, Float.leastNonzeroMagnitude)
        let isClose = target[index] == expected[index] || abs(target[index] - expected[index]) <= tolerance
        #expect(isClose, "\(name)(\(values[index])) = \(target[index]), not \(expected[index])")
        if !isClose { break }
      }
    }
  }

  @Test("infinities, zeros and NaN have the limits' values")
  func limits() {
    let inputs: [Float] = [.infinity, -.infinity, .nan, 0, -0.0, .greatestFiniteMagnitude, -.greatestFiniteMagnitude]
    func applied(_ function: Transform) -> [Float] {
      let target = FloatBuffer(inputs).all
      function(target)
      return target.array
    }
    #expect(distance(applied { exponential($0) }, [.infinity, 0, .nan, 1, 1, .infinity, 0]) == 0)
    #expect(distance(applied { sigmoid($0) }, [1, 0, .nan, 0.5, 0.5, 1, 0]) == 0)
    #expect(distance(applied { hyperbolicTangent($0) }, [1, -1, .nan, 0, 0, 1, -1]) == 0)
    #expect(applied { hyperbolicTangent($0) }[4].sign == .minus)
    #expect(distance(applied { clip($0, toMagnitude: 2) }, [2, -2, .nan, 0, 0, 2, -2]) == 0)
  }

  @Test("sums, products and extremes equal the plain loops", arguments: edgeSizes + [1000, 70_001])
  func reductions(count: Int) {
    let (a, b) = (randomVector(count, seed: 1), randomVector(count, seed: 2))
    #expect(abs(dot(a, b) - Reference.dot(a, b)) < 1e-6 * Float(count + 10).squareRoot())
    #expect(abs(sum(a) - Reference.sum(a)) < 1e-9)
    #expect(maximum(a) == Reference.maximum(a))
    let expected = Reference.sumOfSquares(a)
    for threadCount in [1, 3] {
      let found = sumOfSquares(a, team: ThreadTeam(threadCount: threadCount))
      #expect(abs(found - expected) <= 1e-12 * expected)
      #expect(found == sumOfSquares(a, team: ThreadTeam()))
    }
    let (fast, plain) = (copy(b), copy(b))
    addScaled(0.3, a, to: fast)
    Reference.addScaled(0.3, a, to: plain)
    #expect(distance(fast.array, plain.array) < 1e-6)
  }

  @Test("one number that is not finite shows in the sum of squares and the maximum", arguments: [1, 16, 17, 40])
  func notFinite(count: Int) {
    for position in 0..<count {
      let values = randomVector(count, seed: 1)
      values[position] = .nan
      #expect(sumOfSquares(values, team: ThreadTeam()).isNaN)
      #expect(maximum(values).isNaN)
      values[position] = .infinity
      #expect(sumOfSquares(values, team: ThreadTeam()) == .infinity)
      #expect(maximum(values) == .infinity)
    }
    let large = FloatBuffer([Float](repeating: .greatestFiniteMagnitude, count: count)).all
    #expect(sumOfSquares(large, team: ThreadTeam()).isFinite)
  }
}

/// The greatest distance of two numbers as a part of the second.
func relativeError(_ found: [Float], _ expected: [Float]) -> Float {
  guard found.count == expected.count else { return .infinity }
  return zip(found, expected).reduce(0) { worst, pair in
    pair.0 == pair.1 ? worst : max(worst, abs(pair.0 - pair.1) / abs(pair.1))
  }
}
