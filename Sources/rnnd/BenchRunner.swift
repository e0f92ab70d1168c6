import Bench
import JSON
import System

/// Measures, and shows what was found.
struct BenchRunner {
  let console: Console

  func run(_ arguments: ParsedArguments) throws(Failure) {
    let report: BenchmarkReport
    do throws(BenchmarkError) {
      let patterns = arguments["only"]?.array?.compactMap(\.string) ?? []
      report = try Benchmark(
        .init(
          isQuick: arguments.flag("quick"), selection: try Selection(patterns), executable: try Self.executable())
      ).run { section in
        if console.errors.isTerminal {
          console.draw(console.errors.style("measuring \(section)", .faint))
        } else {
          console.say(["measuring \(section)"])
        }
      }
    } catch { throw Self.failure(of: error) }
    if console.errors.isTerminal { console.draw("") }
    if arguments.flag("json") {
      try console.print([report.json.description])
    } else {
      try console.print(arguments.flag("markdown") ? report.markdown : lines(of: report))
    }
  }

  /// A table for all sections, so that their columns line up, under the name of each.
  func lines(of report: BenchmarkReport) -> [String] {
    var lines: [String] = []
    let widths = report.rows.flatMap(\.rows).reduce(into: [0, 0, 0, 0]) { widths, row in
      for index in widths.indices { widths[index] = max(widths[index], DisplayWidth.of(row[index])) }
    }
    for section in report.rows {
      if !lines.isEmpty { lines.append("") }
      lines.append(console.output.style(section.title, .strong))
      lines += section.rows.map { line(of: $0, widths: widths) }
    }
    if let summary = report.summary { lines += ["", summary + " in \(Figures.duration(seconds: report.seconds))"] }
    return lines
  }

  /// Title, figure, comparison, target and outcome.
  private func line(of row: [String], widths: [Int]) -> String {
    let plain = "  " + row[0].padded(to: widths[0]) + "  " + row[1].padded(to: widths[1], alignedRight: true)
    if row[2].isEmpty && row[3].isEmpty { return plain }
    let comparison = "  " + console.output.style(row[2].padded(to: row[3].isEmpty ? 0 : widths[2]), .faint)
    if row[3].isEmpty { return plain + comparison }
    let outcome = row[4] == "reached" ? console.output.style("✓", .good) : console.output.style("✗", .warning)
    return plain + comparison + "  " + row[3].padded(to: widths[3]) + "  " + outcome
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
    case .interrupted: Failure(.interrupted, "the benchmark was interrupted")
    case .noSuchPart(let pattern):
      Failure(
        .usage, "the benchmark has no part '\(pattern)'",
        hint: "its parts: " + Part.allCases.map(\.rawValue).joined(separator: ", "))
    case .refused(let reason): Failure(.internalError, "the benchmark's own input was refused: \(reason)")
    }
  }
}
