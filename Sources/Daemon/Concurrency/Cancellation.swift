import RPC
import Synchronization
import System

/// What other threads look at between two steps of their work to see whether something wants their attention.
final class Flag: Sendable {
  private let raised = Atomic<Bool>(false)

  var isRaised: Bool { raised.load(ordering: .relaxed) }
  func raise() { raised.store(true, ordering: .relaxed) }
}

/// Whether one request is still wanted, and whom to tell when it no longer is.
///
/// The loop cancels; work on other threads polls ``flag``; whoever waits on the loop registers a handler.
@EventLoop
final class Cancellation {
  /// Who no longer wants the answer.
  enum Cause {
    /// The client said so: what the request would have changed is taken back.
    case client
    /// The client is gone.
    case hangUp
    case stop
    /// The model that the request is about is being deleted.
    case deletion(model: String)

    /// What the request is answered with.
    var error: RPCError {
      switch self {
      case .client: .cancelled()
      case .hangUp: RPCError(.cancelled, "the client hung up before it was answered")
      case .stop: .shuttingDown()
      case .deletion(let name): .modelNotFound(name, among: [])
      }
    }
  }

  /// What other threads poll, made for the first that asks: most requests are answered on the loop.
  var flag: Flag {
    if let polledFlag { return polledFlag }
    let flag = Flag()
    if cause != nil { flag.raise() }
    polledFlag = flag
    return flag
  }

  private var polledFlag: Flag?

  /// Why the request was cancelled; nil while it is wanted.
  private(set) var cause: Cause?

  private var handlers: [Int: () -> Void] = [:]
  private var lastHandler = 0

  nonisolated init() {}

  /// Cancels; only the first cause counts.
  func cancel(_ cause: Cause) {
    guard self.cause == nil else { return }
    self.cause = cause
    polledFlag?.raise()
    let informed = handlers.sorted { $0.key < $1.key }
    handlers = [:]
    for (_, handler) in informed { handler() }
  }

  /// Throws what the request is to be answered with if it was cancelled.
  func check() throws(RPCError) {
    if let cause { throw cause.error }
  }

  /// Calls `handler` once when the request is cancelled, at once if it was already; returns what ``forget(_:)`` takes.
  func onCancel(_ handler: @escaping () -> Void) -> Int {
    guard cause == nil else {
      handler()
      return 0
    }
    lastHandler += 1
    handlers[lastHandler] = handler
    return lastHandler
  }

  func forget(_ handler: Int) { handlers[handler] = nil }
}
