/// What went wrong, as a JSON-RPC error code and the stable word that stands beside it as `data.kind`.
package enum ErrorCode: Hashable, Sendable {
  case parseError
  case invalidRequest
  case methodNotFound
  case invalidParams
  case internalError
  case cancelled
  case modelNotFound
  case modelExists
  case tokenOutOfRange
  case diverged
  case storage
  case corruptFile
  case limitExceeded
  case stepMismatch
  case notPermitted
  case busy
  case shuttingDown
  /// A code that only a newer daemon knows.
  case other(Int)

  /// Every code that this version of the protocol has, in the order of its page.
  package static let documented: [ErrorCode] = [
    .parseError, .invalidRequest, .methodNotFound, .invalidParams, .internalError, .cancelled, .modelNotFound,
    .modelExists, .tokenOutOfRange, .diverged, .storage, .corruptFile, .limitExceeded, .stepMismatch, .notPermitted,
    .busy, .shuttingDown,
  ]

  package init(rawValue: Int) { self = Self.documented.first { $0.rawValue == rawValue } ?? .other(rawValue) }

  /// The number on the wire.
  package var rawValue: Int { wire.code }

  /// The word on the wire; `unknown` for a code that this version does not have.
  package var kind: String { wire.kind }

  private var wire: (code: Int, kind: String) {
    switch self {
    case .parseError: (-32700, "parse-error")
    case .invalidRequest: (-32600, "invalid-request")
    case .methodNotFound: (-32601, "method-not-found")
    case .invalidParams: (-32602, "invalid-params")
    case .internalError: (-32603, "internal")
    case .cancelled: (-32800, "cancelled")
    case .modelNotFound: (-32010, "model-not-found")
    case .modelExists: (-32011, "model-exists")
    case .tokenOutOfRange: (-32012, "token-out-of-range")
    case .diverged: (-32013, "diverged")
    case .storage: (-32014, "storage")
    case .corruptFile: (-32015, "corrupt-file")
    case .limitExceeded: (-32016, "limit-exceeded")
    case .stepMismatch: (-32017, "step-mismatch")
    case .notPermitted: (-32018, "not-permitted")
    case .busy: (-32020, "busy")
    case .shuttingDown: (-32021, "shutting-down")
    case .other(let code): (code, "unknown")
    }
  }
}
