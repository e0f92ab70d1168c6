import RPC
import System

/// A request that was received, until it is answered.
@EventLoop
final class PendingRequest {
  let element: Incoming.Element
  /// What the check of its params found, if that was done along with the decoding.
  let verdict: Result<Void, RPCError>?
  let cancellation = Cancellation()

  init(_ element: Incoming.Element, verdict: Result<Void, RPCError>? = nil) {
    self.element = element
    self.verdict = verdict
  }

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
  /// Empty until the line is decoded.
  private(set) var requests: [PendingRequest] = []
  private(set) var isBatch = false
  /// How long the line was.
  let byteCount: Int
  /// Done once the line is decoded.
  let decoded = Deferred<Void>()

  /// Longer lines are decoded, and their answers encoded, elsewhere than on the loop.
  nonisolated static let loopByteLimit = 64 << 10

  init(byteCount: Int) { self.byteCount = byteCount }

  /// - Parameter verdicts: of the elements' params, where they have been checked.
  func fill(_ incoming: Incoming, verdicts: [Result<Void, RPCError>?] = []) {
    if case .batch = incoming { isBatch = true }
    requests = incoming.elements.enumerated().map { index, element in
      PendingRequest(element, verdict: index < verdicts.count ? verdicts[index] : nil)
    }
    decoded.complete(.success(()))
  }

  /// The line that answers it; nothing when nothing in it is answered.
  ///
  /// What is large is also given back elsewhere: to free millions of values takes as long as to make them.
  func encoded(_ replies: consuming [Reply]) async -> [UInt8] {
    guard byteCount > Self.loopByteLimit else {
      var bytes: [UInt8] = []
      Self.write(replies, isBatch: isBatch, to: &bytes)
      return bytes
    }
    return await Self.encodeElsewhere(replies, isBatch: isBatch)
  }

  @concurrent
  private nonisolated static func encodeElsewhere(_ replies: consuming [Reply], isBatch: Bool) async -> [UInt8] {
    var bytes: [UInt8] = []
    write(replies, isBatch: isBatch, to: &bytes)
    return bytes
  }

  private nonisolated static func write(_ replies: [Reply], isBatch: Bool, to target: inout [UInt8]) {
    if isBatch {
      Reply.writeBatchLine(replies, to: &target)
    } else {
      for reply in replies { reply.writeLine(to: &target) }
    }
  }

  /// Decodes a long line, and checks the params of what it asks for, in another thread.
  @concurrent
  nonisolated static func decodeElsewhere(
    _ line: [UInt8], limits: Limits
  ) async -> (incoming: Incoming, verdicts: [Result<Void, RPCError>?]) {
    let incoming = Incoming.decode(line, depthLimit: limits.nestingLimit, batchLimit: limits.batchLimit)
    let verdicts = incoming.elements.map { element -> Result<Void, RPCError>? in
      guard case .request(let request) = element, let call = CallTable.call(named: request.method) else { return nil }
      return Result { () throws(RPCError) in try call.check(request.params) }
    }
    return (incoming, verdicts)
  }
}

extension Incoming {
  /// What is to be carried out, in its order.
  fileprivate var elements: [Element] {
    switch self {
    case .single(let element): [element]
    case .batch(let elements): elements
    }
  }
}
