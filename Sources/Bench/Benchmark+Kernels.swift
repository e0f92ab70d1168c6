import Kernels

extension Benchmark {
  /// Reading speed by the size of what is read.
  func bandwidths() -> [Figure] {
    [(256 << 10, "256KiB"), (8 << 20, "8MiB"), (256 << 20, "256MiB")].map { byteCount, name in
      let samples = Samples(
        (0..<settings.rounds).map { _ in
          MachinePeak.readBandwidth(byteCount: byteCount, seconds: settings.seconds)
        })
      return Figure("bandwidth.\(name)", "reading \(name), one core", samples.median, .gigabytesPerSecond)
    }
  }

  /// Each shape's products on one core and on all, in rounds with the peak.
  func matrixProducts() -> [Figure] {
    let threadCounts = MachinePeak.coreCount > 1 ? [1, MachinePeak.coreCount] : [1]
    return threadCounts.flatMap { threadCount in
      let team = ThreadTeam(threadCount: threadCount)
      let contestants = ProductShape.all.map { ProductContestant($0, team: team) }
      var peaks = Samples()
      var rates = contestants.map { _ in Samples() }
      for _ in 0..<settings.rounds {
        peaks.add(MachinePeak.fusedMultiplyAdd(team: team, seconds: settings.seconds))
        for index in contestants.indices { rates[index].add(contestants[index].rate(seconds: settings.seconds)) }
      }
      let cores = threadCount == 1 ? "one core" : "\(threadCount) cores"
      let peakName = Self.peakName(threadCount: threadCount)
      let peak = Figure(peakName, "multiply-add peak, \(cores)", peaks.median, .gigaflops)
      return [peak]
        + zip(contestants, rates).map { contestant, rate in
          Figure(
            "product.\(contestant.shape.name).\(threadCount)", "\(contestant.shape.title), \(cores)", rate.median,
            .gigaflops, comparison: .init(with: peakName, ratio: rate.medianRatio(to: peaks)))
        }
    }
  }

  static func peakName(threadCount: Int) -> String { "peak.fp32.\(threadCount)" }
}

/// A matrix product that training makes: C of `rows` x `columns` as a sum over `depth`.
struct ProductShape {
  let rows: Int
  let columns: Int
  let depth: Int
  /// How the operands lie, or that the weights are packed once and used again, as in the recurrent step.
  let form: Form
  let use: String

  enum Form { case plain, transposedA, transposedB, packed }

  var name: String { "\(rows)x\(columns)x\(depth)" }
  var title: String { "\(name) \(use)" }

  static let all = [
    ProductShape(rows: 512, columns: 512, depth: 512, form: .transposedB, use: "(reference)"),
    ProductShape(rows: 20, columns: 800, depth: 200, form: .packed, use: "recurrent step"),
    ProductShape(rows: 20, columns: 2600, depth: 650, form: .packed, use: "recurrent step"),
    ProductShape(rows: 700, columns: 800, depth: 200, form: .transposedB, use: "input"),
    ProductShape(rows: 700, columns: 10_000, depth: 200, form: .transposedB, use: "output"),
    ProductShape(rows: 700, columns: 200, depth: 10_000, form: .plain, use: "output, back to states"),
    ProductShape(rows: 10_000, columns: 200, depth: 700, form: .transposedA, use: "output, back to weights"),
    ProductShape(rows: 700, columns: 10_000, depth: 650, form: .transposedB, use: "output"),
    ProductShape(rows: 700, columns: 650, depth: 10_000, form: .plain, use: "output, back to states"),
    ProductShape(rows: 10_000, columns: 650, depth: 700, form: .transposedA, use: "output, back to weights"),
  ]
}

/// A product with operands to run it on.
private struct ProductContestant {
  let shape: ProductShape
  private let a: Matrix
  private let b: Matrix
  private let packed: PackedMatrix?
  private let c: Matrix
  private let team: ThreadTeam

  init(_ shape: ProductShape, team: ThreadTeam) {
    self.shape = shape
    self.team = team
    a = Self.filled(shape.form == .transposedA ? (shape.depth, shape.rows) : (shape.rows, shape.depth), seed: 1)
    b = Self.filled(shape.form == .transposedB ? (shape.columns, shape.depth) : (shape.depth, shape.columns), seed: 2)
    c = Matrix(rows: shape.rows, columns: shape.columns)
    if shape.form == .packed {
      let packed = PackedMatrix(rows: shape.depth, columns: shape.columns)
      packed.pack(b, team: team)
      self.packed = packed
    } else {
      packed = nil
    }
  }

  /// In GFLOP/s, a multiplication and an addition counted as two.
  func rate(seconds: Double) -> Double {
    let operations = 2.0 * Double(shape.rows) * Double(shape.columns) * Double(shape.depth)
    return Stopwatch.rate(seconds: seconds, multiplyOnce) * operations / 1e9
  }

  private func multiplyOnce() {
    if let packed {
      multiply(a, packed, into: c, team: team)
    } else {
      multiply(
        a, b, transposeA: shape.form == .transposedA, transposeB: shape.form == .transposedB, into: c, team: team)
    }
  }

  private static func filled(_ size: (rows: Int, columns: Int), seed: UInt64) -> Matrix {
    let matrix = Matrix(rows: size.rows, columns: size.columns)
    var numbers = SplitMix64(seed: seed)
    matrix.all.copy(from: (0..<size.rows * size.columns).map { _ in Float.random(in: -1...1, using: &numbers) })
    return matrix
  }
}
