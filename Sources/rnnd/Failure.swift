import Client
import JSON
import RPC
import System

/// Why a command ends with something else than 0.
struct Failure: Error, Equatable {
  var code: ExitCode
  var message: String
  var hint: String?
  /// The daemon's own error, where there is one.
  var reply: RPCError?

  init(_ code: ExitCode, _ message: String, hint: String? = nil) {
    self.code = code
    self.message = message
    self.hint = hint
  }

  /// Whoever read standard output has had enough: nothing went wrong.
  static let readerGone = Failure(.success, "the reader has gone")

  init(_ error: UsageError) {
    self.init(.usage, error.message, hint: error.hint)
  }

  init(_ error: SystemError) {
    self.init(.storage, "\(error)", hint: error.hint)
  }

  init(_ error: ClientError) {
    let code: ExitCode =
      switch error {
      case .notRunning, .unreachable, .connectionLost: .unavailable
      case .notTrusted: .notPermitted
      case .badReply: .internalError
      case .refused(let error): ExitCode(errorKind: error.kind)
      case .interrupted: .interrupted
      }
    self.init(code, error.message, hint: error.hint)
    if case .refused(let error) = error { reply = error }
  }

  /// For `--json`: what the daemon sent, else the same shape made here.
  var json: JSONValue {
    if let reply { return .object(reply.json) }
    var object: JSONObject = ["message": .string(message)]
    object["hint"] = hint.map(JSONValue.string)
    return .object(object)
  }
}
