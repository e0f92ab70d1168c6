import System

/// What the daemon allows; each limit answers with an error that names it, and each can be configured.
package struct Limits: Equatable, Sendable {
  /// Bytes of one line.
  package var lineByteLimit = 8 << 20
  /// Calls in one batch.
  package var batchLimit = 128
  /// How deep arrays and objects may nest.
  package var nestingLimit = 64
  /// Connections at a time.
  package var connectionLimit = 1_024
  /// Requests of one connection that wait for their turn; beyond, the connection isn't read.
  package var waitingRequestLimit = 64
  /// Bytes of such requests; beyond, the connection isn't read either.
  package var waitingByteLimit = 16 << 20
  /// Bytes of requests that all connections together have sent and that are not answered; beyond, lines that are long
  /// and not yet whole are refused.
  package var requestByteLimit = 512 << 20
  /// Bytes of replies that a client hasn't read; beyond, its requests wait and the connection isn't read.
  package var unreadReplyByteLimit = 16 << 20
  /// Notifications of one connection at work in the background; beyond, the connection isn't read.
  package var backgroundLimit = 4_096
  /// Bytes of text that these notifications may hold.
  package var backgroundByteLimit = 16 << 20
  /// Threads that the training of one model computes with.
  package var trainingThreadCount = 2
  /// Bytes that all models in memory may take together.
  package var modelByteLimit: Int
  /// Bytes of one file that is read for `train`, `evaluate` or `create-model`.
  package var fileByteLimit = 1 << 30
  /// Bytes of remembered hidden states, for each of the two threads that read.
  package var stateCacheByteLimit = 8 << 20
  /// How long a stopping daemon goes on with requests that were received before, in seconds.
  package var drainSeconds = 5

  /// - Parameter modelByteLimit: 8 GiB, or three quarters of the machine's memory where that is less.
  package init(modelByteLimit: Int = min(8 << 30, ResourceUsage.usableByteCount / 4 * 3)) {
    self.modelByteLimit = modelByteLimit
  }
}
