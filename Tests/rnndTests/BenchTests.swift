import Glibc
import JSON
import System
import Testing

@testable import rnnd

extension ProcessTests {
  /// The benchmark as a process: what it measures is tested in its own module.
  @Suite struct BenchTests {
    let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    /// Directories of daemons that the benchmark started.
    private var leftOver: [String] {
      ["/run/rnnd", "/data/rnnd"].flatMap { (try? FileSystem.list(sandbox.home + $0)) ?? [] }
        .filter { $0.hasPrefix("bench-") }
    }

    @Test("It measures a daemon of its own beside its echo, and leaves nothing of it")
    func measuresLessons() throws {
      let outcome = try sandbox.rnnd("bench", "--quick", "--json", "--only", "lesson")
      #expect(outcome.status == 0, "\(outcome.errors)")
      let figures = try #require(try outcome.json()["figures"]?.object)
      #expect(figures.names == ["lesson.sync.p50", "lesson.sync.p99", "lesson.step.p50", "lesson.step.p99"])
      for figure in figures.members {
        #expect(try #require(figure.value["value"]?.double) > 0)
        #expect(figure.value["unit"] == "ms")
      }
      #expect(figures["lesson.step.p50"]?["target"]?["atMost"]?.double == 4)
      #expect(leftOver.isEmpty)
    }

    @Test("Told to end, it takes its daemon along")
    func interrupted() throws {
      let process = try sandbox.launch(Sandbox.executable, ["bench", "--only", "start"])
      // By then the daemon is there.
      while !leftOver.contains(where: { FileSystem.exists("\(sandbox.home)/data/rnnd/\($0)/lock") }) { sched_yield() }
      try ProcessControl.send(.interrupt, to: process.processID)
      let outcome = try process.outcome()
      #expect(outcome.status == ExitCode.interrupted.rawValue, "\(outcome.errors)")
      #expect(leftOver.isEmpty)
    }

    @Test("People get rows that fit a terminal, each with a unit")
    func table() throws {
      let outcome = try sandbox.rnnd("bench", "--quick", "--only", "product.fp32.20x800x200", "peak.fp32")
      #expect(outcome.lines.first == "arithmetic of the processor")
      #expect(outcome.lines.allSatisfy { $0.count <= 100 })
      let rows = outcome.lines.filter { $0.hasPrefix("  ") }
      #expect(!rows.isEmpty && rows.allSatisfy { $0.contains("GFLOP/s") })
      #expect(outcome.lines.last?.contains("targets are reached in ") == true)
    }

    @Test("A part that does not exist is a mistake of the command line, answered with those that do")
    func unknownPart() throws {
      let outcome = try sandbox.rnnd("bench", "--only", "nonsense")
      #expect(outcome.status == ExitCode.usage.rawValue)
      #expect(outcome.errors.contains("'nonsense'") && outcome.errors.contains("latency"))
    }
  }
}
