import JSON
import System

/// The three standard streams, and how each may look.
struct Console {
  var output: Screen
  var errors: Screen

  static func standard() -> Console {
    Console(output: screen(of: .output), errors: screen(of: .error))
  }

  private static func screen(of stream: StandardStream) -> Screen {
    guard stream.isTerminal else { return .plain }
    return Screen(
      isTerminal: true, columns: Terminal.columnCount, hasColour: Terminal.welcomesColor(stream))
  }

  /// Writes lines to standard output, all at once.
  func print(_ lines: [String]) throws(Failure) {
    try print(text: lines.map { $0 + "\n" }.joined())
  }

  func print(text: String) throws(Failure) {
    do {
      try StandardStream.output.write(text)
    } catch {
      throw error.isDisconnection ? .readerGone : Failure(error)
    }
  }

  /// Writes lines to standard error. There is nobody to tell if that fails.
  func say(_ lines: [String]) {
    try? StandardStream.error.write(lines.map { $0 + "\n" }.joined())
  }

  /// Draws a line over the one drawn before; for terminals.
  func draw(_ line: String) {
    try? StandardStream.error.write("\r\u{1B}[2K" + line)
  }

  /// Says what went wrong and what to do, if there is anything to say.
  func complain(_ failure: Failure, asJSON: Bool) {
    guard failure.code != .success, !failure.message.isEmpty else { return }
    if asJSON {
      say([failure.json.description])
      return
    }
    let hint = failure.hint.map { ["  " + $0.printableText] } ?? []
    say([errors.style("rnnd:", .bad) + " " + failure.message.printableText] + hint)
  }
}
