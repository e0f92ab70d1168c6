import CSystem

/// Where a program's words go.
package enum StandardStream: Int32, Sendable {
  case input = 0
  case output = 1
  case error = 2

  /// Whether a person reads or types there.
  package var isTerminal: Bool { isatty(rawValue) == 1 }

  /// Writes everything, waiting where it must.
  ///
  /// - Throws: an error that `isDisconnection` when the reader has gone (`| head`): then end quietly.
  package func write(_ text: String) throws(SystemError) { try write(Array(text.utf8)) }

  /// Writes everything, waiting where it must.
  package func write(_ bytes: [UInt8]) throws(SystemError) {
    try borrowed { (descriptor) throws(SystemError) in try descriptor.writeAll(bytes.span) }
  }

  /// Reads until the end.
  ///
  /// - Returns: all bytes, or nil when there are more than `byteLimit`.
  package func readToEnd(byteLimit: Int) throws(SystemError) -> [UInt8]? {
    try borrowed { (descriptor) throws(SystemError) in try descriptor.readToEnd(byteLimit: byteLimit) }
  }

  /// Lends the stream as a descriptor that is not closed afterwards.
  private func borrowed<Result>(
    _ body: (borrowing FileDescriptor) throws(SystemError) -> Result
  ) throws(SystemError) -> Result {
    let descriptor = FileDescriptor(owning: rawValue)
    do {
      let result = try body(descriptor)
      _ = descriptor.release()
      return result
    } catch {
      _ = descriptor.release()
      throw error
    }
  }
}

/// The terminal that a program writes to.
package enum Terminal {
  /// How many columns it has: the terminal's own word, else `$COLUMNS`, else 80.
  package static var columnCount: Int {
    let width = Int(rnnd_terminal_columns(StandardStream.output.rawValue))
    if width > 0 { return width }
    return Environment.value("COLUMNS").flatMap { Int($0) }.flatMap { (1...10_000).contains($0) ? $0 : nil } ?? 80
  }

  /// Whether colours and moving the cursor are welcome on a stream: a terminal that can, and no `$NO_COLOR`.
  package static func welcomesColor(_ stream: StandardStream = .output) -> Bool {
    stream.isTerminal && Environment.value("NO_COLOR") == nil && Environment.value("TERM") != "dumb"
  }
}
