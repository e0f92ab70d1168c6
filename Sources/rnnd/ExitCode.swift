/// How the command ends, by kind of failure: the numbers of BSD's sysexits.
enum ExitCode: Int32, CaseIterable, Sendable {
  case success = 0
  case failure = 1
  case usage = 64
  case badData = 65
  case notFound = 66
  case unavailable = 69
  case internalError = 70
  case exists = 73
  case storage = 74
  case tryAgain = 75
  case notPermitted = 77
  case interrupted = 130

  /// For an error that the daemon answered with, by its stable kind.
  init(errorKind: String) {
    self =
      switch errorKind {
      case "invalid-request", "method-not-found", "invalid-params": .usage
      case "parse-error", "token-out-of-range", "diverged", "corrupt-file", "limit-exceeded": .badData
      case "model-not-found": .notFound
      case "shutting-down": .unavailable
      case "internal": .internalError
      case "model-exists": .exists
      case "storage": .storage
      case "busy", "step-mismatch": .tryAgain
      case "not-permitted": .notPermitted
      case "cancelled": .interrupted
      default: .failure
      }
  }

  var explanation: String {
    switch self {
    case .success: "done"
    case .failure: "something that has no number of its own"
    case .usage: "the command line, or the parameters of the call, are wrong"
    case .badData: "the data is wrong: a token out of range, a corrupt file, over a limit, a lesson that diverged"
    case .notFound: "there is no model of that name"
    case .unavailable: "no daemon is running, or it is shutting down"
    case .internalError: "a mistake of rnnd's own"
    case .exists: "there is a model of that name already"
    case .storage: "a file could not be read or written"
    case .tryAgain: "the daemon is busy, or the model has another step than was expected: try again"
    case .notPermitted: "the socket belongs to another user, or only its owner may do this"
    case .interrupted: "interrupted or cancelled"
    }
  }
}
