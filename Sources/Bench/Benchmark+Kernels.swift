import Kernels

extension Benchmark {
  /// The numbers of threads that things are measured with: one, and all where there are more.
  var threadCounts: [Int] { machine.coreCount > 1 ? [1, machine.coreCount] : [1] }

  static func cores(_ threadCount: Int) -> String { threadCount == 1 ? "one core" : "\(threadCount) cores" }

  /// The precisions that this processor has instructions for.
  static var precisions: [ProductPrecision] {
    ProductPrecision.hasFastBFloat16 ? [.single, .bfloat16] : [.single]
  }

  /// What the multiply-add units give at most.
  func peaks() -> [Figure] {
    Self.precisions.flatMap { precision in
      threadCounts.map { threadCount in
        let team = ThreadTeam(threadCount: threadCount)
        let samples = measured { MachinePeak.fusedMultiplyAdd(precision, team: team, seconds: settings.seconds / 4) }
        return Figure(
          Self.peakName(precision, threadCount), "\(precision.name) multiply-adds",
          variant: Self.cores(threadCount),
          samples.median, .gigaflops)
      }
    }
  }

  /// Reading speed by the size of what is read.
  func bandwidths() -> [Figure] {
    let sizes = [(256 << 10, "256 KiB")] + [1, 4, 16, 64, 256].map { ($0 << 20, "\($0) MiB") }
    return sizes.flatMap { byteCount, size in
      threadCounts.map { threadCount in
        let team = ThreadTeam(threadCount: threadCount)
        let samples = measured {
          MachinePeak.readBandwidth(byteCount: byteCount, team: team, seconds: settings.seconds / 4)
        }
        return Figure(
          "bandwidth.\(size.filter { $0 != " " }).\(threadCount)", "reading \(size)", variant: Self.cores(threadCount),
          samples.median, .gigabytesPerSecond)
      }
    }
  }

  /// Each shape's products on one core and on all.
  func products(_ precision: ProductPrecision) throws(BenchmarkError) -> [Figure] {
    let shapes = ProductShape.all.filter { wants("product.\(precision.name).\($0.name)") }
    var byThreadCount: [[Figure]] = []
    for threadCount in threadCounts {
      byThreadCount.append(try products(shapes, precision, threadCount: threadCount))
    }
    return shapes.indices.flatMap { index in byThreadCount.map { $0[index] } }
  }

  private func products(
    _ shapes: [ProductShape], _ precision: ProductPrecision, threadCount: Int
  ) throws(BenchmarkError) -> [Figure] {
    let team = ThreadTeam(threadCount: threadCount)
    var contest = Contest(
      shapes.map { shape in
        let run = ProductRun(shape, precision: precision, team: team)
        return .init { () throws(BenchmarkError) in run.rate(seconds: settings.seconds / 8) }
      })
    try contest.run(rounds: settings.rounds) {
      MachinePeak.fusedMultiplyAdd(precision, team: team, seconds: settings.seconds / 20)
    }
    return zip(shapes, contest.contestants).map { shape, found in
      Figure(
        "product.\(precision.name).\(shape.name).\(threadCount)", shape.title,
        variant: Self.cores(threadCount), found.samples.median, .gigaflops,
        comparison: Self.peak(precision, threadCount, ratio: found.ratios.median),
        target: precision == .single ? .ratio(.atLeast, shape.leastRatio) : nil)
    }
  }

  static func peakName(_ precision: ProductPrecision, _ threadCount: Int) -> String {
    "peak.\(precision.name).\(threadCount)"
  }

  static func peak(_ precision: ProductPrecision, _ threadCount: Int, ratio: Double) -> Figure.Comparison {
    .init(with: peakName(precision, threadCount), label: "\(precision.name) peak", ratio: ratio)
  }

  private func measured(_ measure: () -> Double) -> Samples {
    Samples((0..<settings.rounds).map { _ in measure() })
  }
}

extension ProductPrecision {
  var name: String {
    switch self {
    case .single: "fp32"
    case .bfloat16: "bf16"
    }
  }
}
