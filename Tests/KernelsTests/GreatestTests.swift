import Testing

@testable import Kernels

@Suite("The greatest of many numbers")
struct GreatestTests {
  @Test("are among the positions found, whatever the count of numbers", arguments: edgeSizes + [255, 256, 257, 5_000])
  func found(size: Int) {
    let values = randomVector(size, seed: UInt64(size))
    let order = (0..<size).sorted { values[$1] < values[$0] }
    for count in [1, 5, 16, 100] {
      let found = positionsOfGreatest(count, of: values, tolerance: 0).map(Int.init)
      #expect(found == found.sorted())
      #expect(Set(order.prefix(count)).isSubset(of: found))
      #expect(found.count <= max(size, 0) && (size < 5_000 || found.count < 4 * count + 64))
    }
  }

  @Test("stay among them when each number is off by as much as it may be")
  func tolerant() {
    let truth = randomVector(3_000, seed: 1)
    let tolerance: Float = 0.01
    var random = SplitMix64(seed: 2)
    let seen = FloatBuffer(truth.array.map { $0 + random.nextUniform(within: 1) * tolerance }).all
    let order = (0..<3_000).sorted { truth[$1] < truth[$0] }
    let found = Set(positionsOfGreatest(10, of: seen, tolerance: tolerance).map(Int.init))
    #expect(Set(order.prefix(10)).isSubset(of: found))
    #expect(found.count < 200)
  }

  @Test("of equal numbers are all of them, and none of NaNs")
  func ties() {
    let equal = FloatBuffer([Float](repeating: 3, count: 600)).all
    #expect(positionsOfGreatest(5, of: equal, tolerance: 0).count == 600)
    equal.fill(with: .nan)
    equal[300] = 1
    #expect(positionsOfGreatest(5, of: equal, tolerance: 0) == [300])
  }

  @Test("rows of a product are computed where asked")
  func rows() {
    let (w, x, bias) = (randomMatrix(40, 70, seed: 1, gap: 3), randomVector(70, seed: 2), randomVector(40, seed: 3))
    let expected = FloatBuffer(count: 40).all
    Reference.multiply(w, x, bias: bias, into: expected)
    let rows: [Int32] = [39, 0, 7]
    let found = multiplyRows(of: w, at: rows, x, bias: bias)
    #expect(found.count == rows.count)
    for (row, product) in zip(rows, found) { #expect(abs(product - expected[Int(row)]) < 1e-4) }
    let picked = FloatBuffer(count: 3).all
    gather(expected, at: [39, 0, 39], into: picked)
    #expect(picked.array == [expected[39], expected[0], expected[39]])
  }
}
