package import System

/// The least that a server can do: answers every line with its end. What rnnd takes beyond it is rnnd's own.
package enum EchoServer {
  /// How much of a line comes back.
  private static let answerByteCount = 200

  /// Serves one connection at a path, then ends.
  package static func run(at path: String, onListening: () -> Void) throws(SystemError) {
    let listener = try UnixListener(path: path)
    onListening()
    var connection = try listener.accept()
    let poller = try Poller()
    try poller.register(listener, token: 0, interest: .readable)
    var events: [PollEvent] = []
    while connection == nil {
      // Nobody comes if the benchmark was stopped meanwhile.
      try poller.wait(timeoutMilliseconds: 10_000, into: &events)
      guard !events.isEmpty else { return }
      connection = try listener.accept()
    }
    guard let socket = connection else { return }
    try socket.setNonBlocking(false)
    var bytes: [UInt8] = []
    while try socket.read(atMost: 1 << 16, appendingTo: &bytes) != .endOfFile {
      guard bytes.last == UInt8(ascii: "\n") else { continue }
      try socket.writeAll(bytes.span.extracting(last: answerByteCount))
      bytes.removeAll(keepingCapacity: true)
    }
  }
}
