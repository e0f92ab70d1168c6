import JSON
import System

/// Shows the progress of a long training: on a terminal one line that is drawn over, elsewhere a line now and then.
final class ProgressDisplay {
  private let console: Console
  private var line = ProgressLine(startNanoseconds: MonotonicClock.nanoseconds)
  private var lastNanoseconds: UInt64?
  private var isDrawn = false

  /// How long a terminal's line stands at least, and how long it takes to the next plain line.
  private static let terminalNanoseconds: UInt64 = 50_000_000
  private static let plainNanoseconds: UInt64 = 5_000_000_000

  init(console: Console) { self.console = console }

  func show(_ progress: JSONObject) {
    let now = MonotonicClock.nanoseconds
    let interval = console.errors.isTerminal ? Self.terminalNanoseconds : Self.plainNanoseconds
    let text = line.line(for: ProgressLine.Report(progress), nowNanoseconds: now, on: console.errors)
    if let lastNanoseconds, now - lastNanoseconds < interval { return }
    lastNanoseconds = now
    if console.errors.isTerminal {
      console.draw(text)
      isDrawn = true
    } else {
      console.say([text])
    }
  }

  /// Clears the line: what follows says more.
  func finish() {
    if isDrawn { console.draw("") }
    isDrawn = false
  }
}

extension ProgressLine.Report {
  init(_ progress: JSONObject) {
    self.init(
      epoch: progress["epoch"]?.int ?? 1, epochs: progress["epochs"]?.int ?? 1, update: progress["update"]?.int ?? 0,
      updates: progress["updates"]?.int ?? 0, tokensPerSecond: progress["tokensPerSecond"]?.double ?? 0,
      loss: progress["loss"]?.double ?? .nan, perplexity: progress["perplexity"]?.double ?? .nan)
  }
}
