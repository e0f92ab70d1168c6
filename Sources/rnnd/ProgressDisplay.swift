import JSON
import System

/// Shows how far long work has come: on a terminal one line that is drawn over, elsewhere a line now and then.
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
    let text = line.line(for: ProgressLine.Report(progress), nowNanoseconds: now, on: console.errors)
    let interval = console.errors.isTerminal ? Self.terminalNanoseconds : Self.plainNanoseconds
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
      phase: progress["phase"]?.string ?? "", epoch: progress["epoch"]?.int, epochCount: progress["epochs"]?.int,
      done: progress["tokens"]?.int ?? 0, total: progress["totalTokens"]?.int ?? 0,
      tokensPerSecond: progress["tokensPerSecond"]?.double, loss: progress["loss"]?.double,
      perplexity: progress["perplexity"]?.double)
  }
}

/// Shows a text while it is being generated, behind what it goes on from.
final class GenerationDisplay {
  private let console: Console
  private let beginning: String
  private var shown = ""

  init(console: Console, beginning: String) {
    self.console = console
    self.beginning = beginning
  }

  func show(_ progress: JSONObject) {
    add(progress["text"]?.string ?? "")
  }

  /// What the whole text has beyond the pieces that came, and the end of the line.
  func finish(_ text: String) throws(Failure) {
    let bytes = text.utf8
    if bytes.starts(with: shown.utf8) { add(String(decoding: bytes.dropFirst(shown.utf8.count), as: UTF8.self)) }
    try console.print(text: "\n")
  }

  private func add(_ piece: String) {
    let head = shown.isEmpty ? console.output.style(beginning.printableText, .faint) : ""
    shown += piece
    // A terminal that has gone away ends the process by the signal that comes with it.
    try? console.print(text: head + piece.printableText)
  }
}
