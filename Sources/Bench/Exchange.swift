import System

/// One end of a connection that sends lines and waits for lines: as little as a client can do, so that what is measured
/// is the other end.
struct Exchange: ~Copyable {
  private let socket: UnixSocket
  private var received: [UInt8] = []

  init(connectingTo path: String) throws(BenchmarkError) {
    do {
      socket = try UnixSocket.connect(to: path)
    } catch {
      throw .system(error)
    }
  }

  func send(_ line: [UInt8]) throws(BenchmarkError) {
    do {
      try socket.writeAll(line.span)
    } catch {
      throw .system(error)
    }
  }

  /// The next line, its end included.
  mutating func receive() throws(BenchmarkError) -> [UInt8] {
    received.removeAll(keepingCapacity: true)
    while received.last != UInt8(ascii: "\n") {
      guard try readMore() else { throw .unexpectedAnswer("the connection was closed") }
    }
    return received
  }

  /// Reads until the other end closes.
  mutating func waitForEnd() throws(BenchmarkError) {
    while try readMore() { received.removeAll(keepingCapacity: true) }
  }

  /// Waits for bytes; false when there will be none.
  private mutating func readMore() throws(BenchmarkError) -> Bool {
    do {
      return try socket.read(atMost: 1 << 16, appendingTo: &received) != .endOfFile
    } catch {
      guard error.isDisconnection else { throw .system(error) }
      return false
    }
  }

  /// Sends a line and waits for its answer.
  mutating func answer(to line: [UInt8]) throws(BenchmarkError) -> [UInt8] {
    try send(line)
    return try receive()
  }

  /// Sends each line when the one before has been answered.
  ///
  /// - Returns: microseconds for each.
  mutating func time(_ lines: some Sequence<[UInt8]>) throws(BenchmarkError) -> Samples {
    var samples = Samples()
    for line in lines {
      let watch = Stopwatch()
      try send(line)
      let answer = try receive()
      samples.add(watch.microseconds)
      try Exchange.check(answer)
    }
    return samples
  }

  /// Refuses an answer that is an error: it would be quick, and measure nothing.
  static func check(_ answer: [UInt8]) throws(BenchmarkError) {
    guard !String(decoding: answer, as: UTF8.self).contains("\"error\"") else {
      throw .unexpectedAnswer(String(decoding: answer.prefix(500), as: UTF8.self))
    }
  }
}
