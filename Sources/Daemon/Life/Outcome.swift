import Dispatch
import Synchronization
import System

/// How the daemon's life on the loop ended, for the thread that waits for its end.
final class Outcome: Sendable {
  private let value = Mutex<Result<Daemon.Ending, SystemError>?>(nil)
  private let isThere = DispatchSemaphore(value: 0)

  /// Notes the ending; only the first counts.
  func end(_ result: Result<Daemon.Ending, SystemError>) {
    value.withLock { if $0 == nil { $0 = result } }
    isThere.signal()
  }

  /// Waits for the ending. Not for the loop's thread.
  func wait() throws(SystemError) -> Daemon.Ending {
    isThere.wait()
    guard let result = value.withLock({ $0 }) else { return .unsaved }
    return try result.get()
  }
}
