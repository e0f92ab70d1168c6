/// Where a daemon listens, where it keeps its models, and what it allows.
package struct DaemonConfiguration: Sendable {
  package var socketPath: String
  /// The directory that holds `models/`; created, 0700, if it is missing.
  package var dataDirectory: String
  package var limits: Limits
  package var log: Log

  package init(socketPath: String, dataDirectory: String, limits: Limits = Limits(), log: Log) {
    self.socketPath = socketPath
    self.dataDirectory = dataDirectory
    self.limits = limits
    self.log = log
  }
}
