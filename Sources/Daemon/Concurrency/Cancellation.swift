import RPC
import Synchronization
import System

/// What other threads look at between two steps of their work to see whether it is still wanted.
final class CancellationFlag: Sendable {
  private let raised = Atomic<Bool>(false)

  var isRaised: Bool { raised.load(ordering: .relaxed) }
  func raise() { raised.store(true, ordering: .relaxed) }
}

/// Whether one request is still wanted, and whom to tell when it no longer is.
///
/// The loop cancels; work on other threads polls ``flag``; whoever waits on the loop registers a handler.
@EventLoop
final class Cancellation {
  nonisolated let flag = CancellationFlag()

  /// Why the request was cancelled; nil while it is wanted.
  private(set) var reason: RPCError?

  private var handlers: [Int: () -> Void] = [:]
  private var lastHandler = 0

  nonisolated init() {}

  /// Cancels with the error that the request is then answered with; only the first reason counts.
  func cancel(_ reason: RPCError) {
    guard self.reason == nil else { return }
    self.reason = reason
    flag.raise()
    let informed = handlers.sorted { $0.key < $1.key }
    handlers = [:]
    for (_, handler) in informed { handler() }
  }

  /// Throws the reason if the request was cancelled.
  func check() throws(RPCError) {
    if let reason { throw reason }
  }

  /// Calls `handler` once when the request is cancelled, at once if it was already; returns what ``forget(_:)`` takes.
  func onCancel(_ handler: @escaping () -> Void) -> Int {
    guard reason == nil else {
      handler()
      return 0
    }
    lastHandler += 1
    handlers[lastHandler] = handler
    return lastHandler
  }

  func forget(_ handler: Int) { handlers[handler] = nil }
}
