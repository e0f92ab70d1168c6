import JSON
import RPC
import System

/// A thread where lines are decoded and answers encoded that would hold the loop.
///
/// One at a time, whoever sent them: a crowd of them would keep all processors busy, and hold in memory what they are as
/// values all at once. The thread steps back behind the loop's, so that short questions come first on a busy machine.
actor LineDesk {
  private let executor: ThreadExecutor

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  init(name: String) { executor = ThreadExecutor(name: name, nice: Self.nice) }

  /// How far the thread steps back: not as far as a trainer's, as somebody waits.
  private static let nice = 2

  /// Decodes a line, and checks the params of what it asks for.
  func decode(
    _ line: consuming PiecedLine, limits: Limits
  ) -> (incoming: Incoming, verdicts: [Result<CheckedParams, RPCError>?]) {
    var verdicts: [Result<CheckedParams, RPCError>?] = []
    let incoming = Incoming.decode(
      line.joined(), depthLimit: limits.nestingLimit, batchLimit: limits.batchLimit
    ).mapElements { element in
      guard case .request(var request) = element else {
        verdicts.append(nil)
        return element
      }
      let verdict = CallTable.call(named: request.method).map { call in
        Result { () throws(RPCError) in try call.check(request.params) }
      }
      verdicts.append(verdict)
      // What nobody reads any more may be millions of values, to be given back here and not on the loop.
      request.params = (try? verdict?.get())?.members ?? [:]
      return .request(request)
    }
    return (incoming, verdicts)
  }

  /// The line that answers requests. What they are answered with is given back here, too: to free millions of values takes
  /// as long as to make them.
  func encode(_ replies: consuming [Reply], isBatch: Bool) -> [UInt8] { Reply.line(of: replies, isBatch: isBatch) }

  /// Gives memory back to the system, which takes it page by page.
  func giveBackMemory() { ResourceUsage.giveBackFreedMemory() }
}

extension Reply {
  /// Few short answers take more.
  private static var usualByteCount: Int { 512 }

  /// The line that answers a request, or a batch; nothing when nothing in it is answered.
  static func line(of replies: consuming [Reply], isBatch: Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(usualByteCount)
    if isBatch {
      writeBatchLine(replies, to: &bytes)
    } else {
      for reply in replies { reply.writeLine(to: &bytes) }
    }
    return bytes
  }
}

extension Incoming {
  /// The same with other elements.
  fileprivate func mapElements(_ transform: (Element) -> Element) -> Incoming {
    switch self {
    case .single(let element): .single(transform(element))
    case .batch(let elements): .batch(elements.map(transform))
    }
  }
}
