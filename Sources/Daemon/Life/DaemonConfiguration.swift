package import LanguageModel
package import Storage
import System

/// Where a daemon listens, where it keeps its models, and what it allows.
package struct DaemonConfiguration: Sendable {
  package var socketPath: String
  /// The directory that holds `models/`; created, 0700, if it is missing.
  package var dataDirectory: String
  /// A group whose members may connect, beside this user and root; nil for none.
  package var allowedGroup: UInt32?
  package var limits: Limits
  package var log: Log
  /// What a lesson survives once it is answered, unless its request says otherwise.
  package var durability = Durability.fsync
  /// What models are kept on.
  package var disk: any Disk = SystemDisk()
  /// How soon is tried again what the disk refused.
  package var diskRetryMilliseconds = 3_000
  /// How long a lesson that nobody waited for to be durable may not be.
  package var flushMilliseconds = 1_000
  /// How long a replay of a model's journal may take before a checkpoint is written.
  package var replayMilliseconds = 2_000
  /// How long after its last lesson a model gives back the memory that only teaching needs.
  package var restMilliseconds = 1_500

  package init(
    socketPath: String, dataDirectory: String, allowedGroup: UInt32? = nil, limits: Limits = Limits(), log: Log
  ) {
    self.socketPath = socketPath
    self.dataDirectory = dataDirectory
    self.allowedGroup = allowedGroup
    self.limits = limits
    self.log = log
  }
}

extension DaemonConfiguration {
  /// Raises the process's limit of open descriptors to what the connections need; where that is refused, fewer
  /// connections are allowed, so that a crowd of clients can't keep models from being saved.
  func withinDescriptorLimit() -> DaemonConfiguration {
    let wanted = limits.connectionLimit + Self.descriptorReserve
    guard let reached = try? ProcessControl.raiseDescriptorLimit(to: wanted), reached < wanted else { return self }
    var configuration = self
    configuration.limits.connectionLimit = max(1, reached - min(Self.descriptorReserve, reached / 2))
    log.warning(
      "only \(reached) descriptors may be open (ulimit -n), so at most \(configuration.limits.connectionLimit) connections"
    )
    return configuration
  }

  /// Descriptors for files, models and the daemon itself, beside those of clients.
  private static let descriptorReserve = 128
}
