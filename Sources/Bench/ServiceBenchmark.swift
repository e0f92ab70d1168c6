import System

/// What a client sees of a daemon, beside a bare echo: the parts that need one.
struct ServiceBenchmark {
  typealias Measure = (Part, String, () throws(BenchmarkError) -> [Figure]) throws(BenchmarkError) -> Void

  let settings: Benchmark.Settings
  let model = BenchModel.standard

  private static let parts: [Part] = [.latency, .lesson, .crowd, .memory, .start]

  init(_ settings: Benchmark.Settings) { self.settings = settings }

  func wants(_ name: String) -> Bool { settings.selection.wants(name) }

  func run(_ measure: Measure) throws(BenchmarkError) {
    guard Self.parts.contains(where: settings.selection.wants) else { return }
    let daemon = try DaemonUnderTest(executable: settings.executable)
    var client = try daemon.start()
    try model.create(&client)
    try measure(.latency, "next-word at the socket, 2x200 LSTM, 10,000 words") { () throws(BenchmarkError) in
      try LatencyBenchmark(settings, daemon).run(&client)
    }
    try measure(.lesson, "lessons at the socket, the same model") { () throws(BenchmarkError) in
      try lessons(&client, daemon)
    }
    try measure(.crowd, "64 clients of the same model") { () throws(BenchmarkError) in [try crowd(daemon)] }
    try measure(.memory, "the same model, taught and asked, then left alone") { () throws(BenchmarkError) in
      try footprint(&client, daemon)
    }
    try measure(.start, "from a program's start to its answer") { () throws(BenchmarkError) in
      try starts(&client, daemon)
    }
    try daemon.stop(&client)
  }

  // MARK: Lessons

  /// Lessons in turn with what their durability costs at least.
  private func lessons(_ client: inout Exchange, _ daemon: DaemonUnderTest) throws(BenchmarkError) -> [Figure] {
    var (steps, syncs) = (Samples(), Samples())
    var disk = try DiskBenchmark(directory: daemon.data)
    for round in 0..<max(4, settings.exchanges / 250) {
      try daemon.checkInterruption()
      syncs.add(try disk.time(count: 5))
      steps.add(try client.time((0..<5).map { model.lesson(round * 5 + $0) }))
    }
    return [
      Figure("lesson.sync.p50", "sync of 200 bytes appended", variant: "p50", syncs.median / 1e3, .milliseconds),
      Figure(
        "lesson.sync.p99", "sync of 200 bytes appended", variant: "p99", syncs.quantile(0.99) / 1e3, .milliseconds),
      Figure(
        "lesson.step.p50", "train-step of 20 words", variant: "p50", steps.median / 1e3, .milliseconds,
        target: .value(.atMost, 4)),
      Figure("lesson.step.p99", "train-step of 20 words", variant: "p99", steps.quantile(0.99) / 1e3, .milliseconds),
    ]
  }

  // MARK: Many clients

  /// 64 connections, each of which asks again as soon as its answer is there.
  private func crowd(_ daemon: DaemonUnderTest) throws(BenchmarkError) -> Figure {
    let crowd = try Crowd(count: 64, socket: daemon.socket)
    let rounds = max(5, settings.exchanges / 100)
    var rates = Samples()
    for repetition in 0..<settings.rounds {
      try daemon.checkInterruption()
      let seed = repetition * 64
      let lines = (0..<64).map { Array(model.growingTexts(count: rounds, seed: seed + $0)) }
      let watch = Stopwatch()
      try crowd.ask(lines)
      rates.add(Double(64 * rounds) / watch.seconds)
    }
    return Figure(
      "crowd.64", "all asking at once", rates.median, .answersPerSecond, target: .value(.atLeast, 15_000))
  }

  // MARK: Memory

  /// After this time without a request a daemon has given back what it does not need.
  static let settlingMilliseconds: Int32 = 2_000

  /// What the daemon holds against what it may hold, and what it does while nobody asks.
  private func footprint(_ client: inout Exchange, _ daemon: DaemonUnderTest) throws(BenchmarkError) -> [Figure] {
    try model.teach(&client)
    _ = try client.time(model.growingTexts(count: 20, seed: 1))
    MonotonicClock.pause(milliseconds: Self.settlingMilliseconds)
    let idle = idleMicroseconds(of: daemon.processID)
    let resident = try client.residentMegabytes()
    let held = Figure(
      "memory.resident", "resident, \(Wording.rounded(model.megabytes)) MB of weights", resident, .megabytes,
      target: .value(.atMost, model.residentBoundMegabytes, origin: "3 weights + 15 MB"))
    let resting = idle.map {
      Figure("memory.idle", "idle second's processor time", $0, .microseconds, target: .value(.atMost, 0))
    }
    return [held] + resting
  }

  /// The processor time that a second takes in which nobody asks; nothing where the system does not tell.
  private func idleMicroseconds(of processID: Int32) -> [Double] {
    let before = ResourceUsage.processorNanoseconds(of: processID)
    MonotonicClock.pause(milliseconds: 1_000)
    guard let before, let after = ResourceUsage.processorNanoseconds(of: processID) else { return [] }
    return [Double(after - before) / 1e3]
  }

  // MARK: Start

  /// From the start of the daemon to the first answer of a model that lies on disk, and of the command line to its end.
  private func starts(_ client: inout Exchange, _ daemon: DaemonUnderTest) throws(BenchmarkError) -> [Figure] {
    try client.call("save-model", "\"name\":\"\(model.name)\"")
    try daemon.stop(&client)
    var samples = Samples()
    for _ in 0..<settings.rounds {
      try daemon.checkInterruption()
      let watch = Stopwatch()
      client = try daemon.start()
      try client.send(model.nextWord("w1 w2 w3 "))
      let answer = try client.receive()
      samples.add(watch.milliseconds)
      try Exchange.check(answer)
      try daemon.stop(&client)
    }
    let first = Figure(
      "start.daemon", "daemon to first answer", samples.median, .milliseconds,
      target: .value(.atMost, 50))
    client = try daemon.start()
    let verbs = [["ping"], ["next-word", "the", "--model", model.name]]
    return try [first]
      + verbs.map { verb throws(BenchmarkError) in
        var samples = Samples()
        for _ in 0..<settings.rounds * 3 {
          let watch = Stopwatch()
          try daemon.run(verb)
          samples.add(watch.milliseconds)
        }
        return Figure(
          "start.\(verb[0])", "verb", variant: verb[0], samples.median, .milliseconds,
          target: .value(.atMost, 5))
      }
  }
}
