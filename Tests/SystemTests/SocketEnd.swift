@testable import System

/// One end of a connection, to be shared by closures.
final class SocketEnd: Sendable, Equatable {
  static func == (left: SocketEnd, right: SocketEnd) -> Bool { left === right }

  private let end: Ending

  /// A socket that can be closed before its owner's end. Only one thread at a time uses it.
  private final class Ending: @unchecked Sendable {
    var socket: UnixSocket?
    init(_ socket: consuming UnixSocket) { self.socket = consume socket }
  }

  init(_ socket: consuming UnixSocket) { end = Ending(socket) }

  /// Two ends of one connection.
  static func pair() throws -> (SocketEnd, SocketEnd) {
    let pair = try UnixSocket.pair()
    var ends: (SocketEnd, SocketEnd)?
    pair.separate { first, second in ends = (SocketEnd(first), SocketEnd(second)) }
    guard let ends else { throw Closed() }
    return ends
  }

  struct Closed: Error {}

  func use<Result>(_ body: (borrowing UnixSocket) throws -> Result) throws -> Result {
    guard end.socket != nil else { throw Closed() }
    return try body(end.socket!)
  }

  func write(_ bytes: [UInt8]) throws { try use { try $0.writeAll(bytes.span) } }
  func write(_ text: String) throws { try write(Array(text.utf8)) }

  func read(atMost count: Int = 1000) throws -> (ReadOutcome, [UInt8]) {
    var bytes: [UInt8] = []
    let outcome = try use { try $0.read(atMost: count, appendingTo: &bytes) }
    return (outcome, bytes)
  }

  func close() { end.socket = nil }
}

extension UnixListener {
  /// The next waiting connection; nil when none waits.
  func acceptEnd() throws -> SocketEnd? {
    guard let socket = try accept() else { return nil }
    return SocketEnd(socket)
  }
}
