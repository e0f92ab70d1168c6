import Bench
import JSON
import System

/// Measures, and shows what was found.
struct BenchRunner {
  let console: Console

  func run(_ arguments: ParsedArguments) throws(Failure) {
    let report: BenchmarkReport
    do throws(BenchmarkError) {
      report = try Benchmark(
        .init(isQuick: arguments.flag("quick"), executable: try Self.executable())
      ).run { section in
        if console.errors.isTerminal {
          console.draw(console.errors.style("measuring \(section)", .faint))
        } else {
          console.say(["measuring \(section)"])
        }
      }
    } catch { throw Self.failure(of: error) }
    if console.errors.isTerminal { console.draw("") }
    try console.print(arguments.flag("json") ? [report.json.description] : lines(of: report))
  }

  /// A table for all sections, so that their columns line up, under the name of each.
  private func lines(of report: BenchmarkReport) -> [String] {
    var lines: [String] = []
    let widths = report.rows.flatMap(\.rows).reduce(into: [0, 0]) { widths, row in
      for index in 0...1 { widths[index] = max(widths[index], DisplayWidth.of(row[index])) }
    }
    for section in report.rows {
      if !lines.isEmpty { lines.append("") }
      lines.append(console.output.style(section.title, .strong))
      for row in section.rows {
        let cells = "  " + row[0].padded(to: widths[0]) + "  " + row[1].padded(to: widths[1], alignedRight: true)
        lines.append(cells + (row[2].isEmpty ? "" : "  " + console.output.style(row[2], .faint)))
      }
    }
    return lines
  }

  /// Is the echo that the service is compared with, until its client has gone.
  func echo(at path: String) throws(Failure) {
    let readiness = Readiness()
    do throws(SystemError) {
      try readiness.open()
      try EchoServer.run(at: path) { readiness.isReady() }
    } catch {
      readiness.failed("\(error)")
      throw Failure(error)
    }
  }

  private static func executable() throws(BenchmarkError) -> String {
    do {
      return try ProcessControl.executablePath()
    } catch { throw .system(error) }
  }

  private static func failure(of error: BenchmarkError) -> Failure {
    switch error {
    case .system(let error): Failure(error)
    case .unexpectedAnswer(let found): Failure(.internalError, "the daemon under test answered \(found)")
    case .refused(let reason): Failure(.internalError, "the benchmark's own input was refused: \(reason)")
    }
  }
}
