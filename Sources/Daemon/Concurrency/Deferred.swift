import RPC
import System

/// An outcome that comes later, and those who wait for it, in the order in which they began to wait.
@EventLoop
final class Deferred<Value: Sendable> {
  /// The outcome, once there is one.
  private(set) var outcome: Result<Value, RPCError>?

  private var waiters: [(number: Int, continuation: CheckedContinuation<Result<Value, RPCError>, Never>)] = []
  private var lastNumber = 0

  nonisolated init() {}

  /// Sets the outcome and lets everyone go on; a second outcome is ignored.
  func complete(_ result: Result<Value, RPCError>) {
    guard outcome == nil else { return }
    outcome = result
    let released = waiters
    waiters = []
    for waiter in released { waiter.continuation.resume(returning: result) }
  }

  /// The outcome, waited for if need be.
  ///
  /// - Throws: the outcome's error, or the cancellation's error as soon as it is cancelled: what was waited for then
  ///   goes on without this waiter.
  func value(unless cancellation: Cancellation? = nil) async throws(RPCError) -> Value {
    if let outcome { return try outcome.get() }
    try cancellation?.check()
    lastNumber += 1
    let number = lastNumber
    let handler = cancellation?.onCancel { [weak self] in
      self?.release(number, with: cancellation?.cause?.error ?? .cancelled())
    }
    let result = await withCheckedContinuation { continuation in
      // Looked at again, as entering a continuation may itself be a wait.
      if let outcome {
        continuation.resume(returning: outcome)
      } else if let cause = cancellation?.cause {
        continuation.resume(returning: .failure(cause.error))
      } else {
        waiters.append((number, continuation))
      }
    }
    if let handler { cancellation?.forget(handler) }
    return try result.get()
  }

  private func release(_ number: Int, with error: RPCError) {
    guard let index = waiters.firstIndex(where: { $0.number == number }) else { return }
    waiters.remove(at: index).continuation.resume(returning: .failure(error))
  }
}
