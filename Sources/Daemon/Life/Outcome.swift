import System

/// How the daemon's life on the loop ended, for the thread that waits for its end.
final class Outcome: Sendable {
  private let value = Monitor<Result<Daemon.Ending, SystemError>?>(nil)

  /// Notes the ending; only the first counts.
  func end(_ result: Result<Daemon.Ending, SystemError>) {
    value.announceChange { if $0 == nil { $0 = result } }
  }

  /// Waits for the ending. Not for the loop's thread.
  func wait() throws(SystemError) -> Daemon.Ending { try value.wait { $0 }.get() }
}
