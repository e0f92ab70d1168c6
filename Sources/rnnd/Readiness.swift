import System

/// The word that whoever started the daemon waits for; said once, from whichever thread knows first.
final class Readiness: Sendable {
  private let report = Monitor<ReadinessReport?>(nil)

  /// Takes over the pipe to the waiting process.
  func open() throws(SystemError) {
    try report.withLock { (report) throws(SystemError) in report = try ReadinessReport() }
  }

  /// Says that clients can connect.
  func isReady() {
    report.withLock { $0.take()?.ready() }
  }

  /// Says why they never will.
  func failed(_ message: String) {
    report.withLock { $0.take()?.failed(message) }
  }
}
