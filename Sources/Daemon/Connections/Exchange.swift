import JSON
import RPC
import System

/// A request that was received, until it is answered.
@EventLoop
final class PendingRequest {
  let element: Incoming.Element
  /// The id that the answer goes to; nil when nobody awaits one.
  let id: RequestID?
  /// What the check of its params found, if that was done along with the decoding.
  let verdict: Result<CheckedParams, RPCError>?
  let cancellation = Cancellation()

  init(_ element: Incoming.Element, verdict: Result<CheckedParams, RPCError>? = nil) {
    self.element = element
    self.verdict = verdict
    id =
      switch element {
      case .request(let request): request.id
      case .invalid(_, let id): id
      }
  }

  /// Whether it is pointless when the client is gone.
  var endsWithClient: Bool {
    guard case .request(let request) = element else { return true }
    switch CallTable.call(named: request.method)?.afterHangUp {
    case nil, .isCancelled: return true
    case .isCancelledIfAwaited: return request.id != nil
    case .isFinished: return false
    }
  }
}

/// What one line asked for: a request, or a batch of them that one line answers.
@EventLoop
final class Exchange {
  /// Empty until the line is decoded.
  private(set) var requests: [PendingRequest] = []
  private(set) var isBatch = false
  /// How long the line was.
  let byteCount: Int
  /// Done once the line is decoded; nil where that is done at once.
  let decoded: Deferred<Void>?

  /// Longer answers are encoded elsewhere than on the loop, and longer lines decoded there unless they are little but a
  /// text.
  nonisolated static let loopByteLimit = 16 << 10

  init(byteCount: Int, isDecodedLater: Bool = false) {
    self.byteCount = byteCount
    decoded = isDecodedLater ? Deferred() : nil
  }

  /// - Parameter verdicts: of the elements' params, where they have been checked.
  func fill(_ incoming: Incoming, verdicts: [Result<CheckedParams, RPCError>?] = []) {
    switch incoming {
    case .single(let element): requests = [PendingRequest(element, verdict: verdicts.first ?? nil)]
    case .batch(let elements):
      isBatch = true
      requests = elements.enumerated().map { index, element in
        PendingRequest(element, verdict: index < verdicts.count ? verdicts[index] : nil)
      }
    }
    decoded?.complete(.success(()))
  }
}

extension Reply {
  /// Whether so little is answered that the loop may encode it.
  static func areShort(_ replies: [Reply]) -> Bool {
    var allowance = Exchange.loopByteLimit
    return replies.allSatisfy { $0.fits(&allowance) }
  }

  /// Whether it takes no more than about `allowance` bytes, which become fewer by so many.
  fileprivate func fits(_ allowance: inout Int) -> Bool {
    guard case .success(let result) = outcome else { return true }
    return result.fits(&allowance)
  }
}

extension JSONValue {
  /// Whether its text takes no more than about `allowance` bytes, which become fewer by so many. Of what is larger no more
  /// is looked at than it takes to tell.
  fileprivate func fits(_ allowance: inout Int) -> Bool {
    allowance -= 4
    switch self {
    case .null, .bool, .number: break
    case .string(let text): allowance -= text.utf8.count
    case .array(let elements):
      for element in elements where !element.fits(&allowance) { return false }
    case .object(let object):
      for member in object.members {
        allowance -= member.name.utf8.count
        if !member.value.fits(&allowance) { return false }
      }
    }
    return allowance >= 0
  }
}
