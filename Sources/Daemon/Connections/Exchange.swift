import RPC
import System

/// A request that was received, until it is answered.
@EventLoop
final class PendingRequest {
  let element: Incoming.Element
  let cancellation = Cancellation()

  init(_ element: Incoming.Element) { self.element = element }

  /// The id that the answer goes to; nil when nobody awaits one.
  var id: RequestID? {
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
  let requests: [PendingRequest]
  let isBatch: Bool
  /// How long the line was.
  let byteCount: Int

  init(_ incoming: Incoming, byteCount: Int) {
    switch incoming {
    case .single(let element):
      requests = [PendingRequest(element)]
      isBatch = false
    case .batch(let elements):
      requests = elements.map(PendingRequest.init)
      isBatch = true
    }
    self.byteCount = byteCount
  }

  /// Adds the line that answers it, if anything in it is answered.
  func writeReplies(_ replies: [Reply], to target: inout [UInt8]) {
    if isBatch {
      Reply.writeBatchLine(replies, to: &target)
    } else {
      for reply in replies { reply.writeLine(to: &target) }
    }
  }
}
