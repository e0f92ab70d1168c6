import RPC
import System

/// A client's socket, and what of it the loop waits for.
@EventLoop
final class Wire {
  private let socket: UnixSocket
  private var watch: EventLoop.Watch?
  private var interest: PollInterest = .readable

  /// - Parameter handler: called whenever there is news, until ``unwatch()``.
  init(
    _ socket: consuming UnixSocket, handler: @escaping @EventLoop (PollConditions) -> Void
  ) throws(SystemError) {
    self.socket = socket
    watch = try EventLoop.watch(self.socket, for: interest, handler: handler)
  }

  /// Reads once, `chunkByteCount` bytes at most.
  ///
  /// - Parameter shared: what a read may fill, kept to spare an allocation for each.
  func read(into framer: inout LineFramer, through shared: inout [UInt8]) throws(SystemError) -> ReadOutcome {
    try framer.append(atMost: Self.chunkByteCount, through: &shared) { (bytes, count) throws(SystemError) in
      try socket.read(atMost: count, appendingTo: &bytes)
    }
  }

  /// All that a socket holds unless it was told to hold more, so that a long line takes few reads.
  static let chunkByteCount = 256 << 10

  func send(_ outbox: inout Outbox) throws(SystemError) { try outbox.send(to: socket) }

  /// Waits for this from now on; with nothing, only a hang-up is still reported.
  func wait(for interest: PollInterest) throws(SystemError) {
    guard interest != self.interest, let watch else { return }
    try EventLoop.setInterest(interest, of: watch)
    self.interest = interest
  }

  /// Waits for nothing any more, not even for a hang-up.
  func unwatch() {
    guard let watch else { return }
    EventLoop.unwatch(watch)
    self.watch = nil
  }
}
