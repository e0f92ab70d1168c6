package import RPC
package import System

/// Why a client got no result.
package enum ClientError: Error, Equatable, Sendable {
  /// Nobody listens at the socket.
  case notRunning(path: String)
  /// The socket is there, but cannot be used.
  case unreachable(path: String, SystemError)
  /// The daemon at the socket belongs to somebody else; nothing was sent to it.
  case notTrusted(path: String, userID: UInt32)
  /// The daemon went away before it answered.
  case connectionLost
  /// The daemon sent what is no answer.
  case badReply(String)
  /// The daemon answered with an error.
  case refused(RPCError)
  /// The user would not wait for the answer.
  case interrupted
}

extension ClientError {
  /// What was found, as one sentence in lower case.
  package var message: String {
    switch self {
    case .notRunning: "rnnd is not running"
    case .unreachable(let path, let error): "cannot reach the daemon at \(path): \(error)"
    case .notTrusted(let path, let userID): "the daemon at \(path) belongs to user \(userID); nothing was sent to it"
    case .connectionLost: "the daemon went away before it answered"
    case .badReply(let found): "the daemon's answer is not understood: \(found)"
    case .refused(let error): error.message
    case .interrupted: "interrupted"
    }
  }

  /// What to do about it.
  package var hint: String? {
    switch self {
    case .notRunning: "start it with: rnnd start"
    case .unreachable(_, let error): error.hint
    case .notTrusted: "name your own daemon's socket with --socket or $RNND_SOCKET, or its user in $RNND_DAEMON_USER"
    case .connectionLost: "see whether it still runs: rnnd status"
    case .badReply: "client and daemon may differ in version: rnnd restart"
    case .refused(let error): error.hint
    case .interrupted: nil
    }
  }
}
