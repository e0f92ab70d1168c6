import Kernels

extension Benchmark {
  /// Whole training steps of the small and the medium configuration, against the fp32 peak of all cores.
  func training() throws(BenchmarkError) -> [Figure] {
    let configurations = [("small", 200), ("medium", 650)].filter { wants("training.\($0.0)") }
    var entries: [TrainingEntry] = []
    for (name, hiddenSize) in configurations {
      for precision in Self.precisions where wants("training.\(name).\(precision.name)") {
        entries.append(
          TrainingEntry(
            name: "training.\(name).\(precision.name)", subject: "2x\(hiddenSize)",
            variant: precision.name, size: .init(hiddenSize: hiddenSize), precision: precision,
            target: .ratio(.atLeast, precision == .single ? 0.7 : 1)))
      }
    }
    return try trainingSpeeds(entries) + lossCurve()
  }

  /// How far the loss in bfloat16 gets from single precision's; nothing where bfloat16 is not worth it, or in a hurry.
  private func lossCurve() throws(BenchmarkError) -> [Figure] {
    let name = "training.curve"
    let isAffordable = !settings.isQuick || settings.selection.names(name)
    guard Self.precisions.contains(.bfloat16), wants(name), isAffordable else { return [] }
    let curve = try LossCurve(stepCount: 500)
    let team = ThreadTeam(threadCount: machine.coreCount)
    let distance = LossCurve.distance(
      from: try curve.losses(.single, team: team), to: try curve.losses(.bfloat16, team: team))
    return [
      Figure(name, "bf16's loss beside fp32's, 500 steps", distance, .percent, target: .value(.atMost, 1))
    ]
  }

  /// Trains each a while, in turn.
  func trainingSpeeds(_ entries: [TrainingEntry]) throws(BenchmarkError) -> [Figure] {
    let team = ThreadTeam(threadCount: machine.coreCount)
    var learners: [Learner] = []
    for entry in entries { learners.append(try Learner(entry.size, precision: entry.precision, team: team)) }
    // The first step also makes room.
    for index in learners.indices { _ = try learners[index].rate(seconds: 0) }
    var contest = Contest(
      learners.map { learner in
        var learner = learner
        return .init { () throws(BenchmarkError) in try learner.rate(seconds: settings.seconds) }
      })
    try contest.run(rounds: settings.rounds) { MachinePeak.fusedMultiplyAdd(team: team, seconds: settings.seconds / 8) }
    return zip(zip(entries, learners), contest.contestants).map { named, found in
      let (entry, learner) = named
      return Figure(
        entry.name, entry.subject, variant: entry.variant, found.samples.median * 1e9 / learner.operationsPerToken,
        .tokensPerSecond, comparison: Self.peak(.single, team.threadCount, ratio: found.ratios.median),
        target: entry.target)
    }
  }
}

/// A network to be trained, and how its figure is to be called.
struct TrainingEntry {
  let name: String
  let subject: String
  let variant: String
  let size: Learner.Size
  let precision: ProductPrecision
  var target: Target?
}
