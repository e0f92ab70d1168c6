import JSON
import RPC
import System

/// One client: its bytes in, its requests in order, its answers out.
///
/// Requests wait in ``queue``; a task works at the first one and answers it before it begins the next. Reading stops
/// while too many wait or too much is unread, so that a client which doesn't keep up holds nothing but itself.
@EventLoop
final class Connection {
  let id: Int
  private let service: Service
  private let session: Session
  private var wire: Wire?
  private var framer: LineFramer
  private var outbox = Outbox()
  private var queue: [Exchange] = []

  /// Bytes of the lines in the queue.
  private var queuedByteCount = 0
  /// What of this connection's bytes the service has been told to count.
  private var countedByteCount = 0

  /// Whether the client said that it sends no more.
  private var inputHasEnded = false
  /// Whether the client is gone: nothing can be answered.
  private var isHungUp = false
  /// Whether the daemon takes no more of this client's requests.
  private var isDraining = false
  private var isWorking = false
  /// Whether answers are gathered to be sent together.
  private var isGathering = false
  private var stretch = Stretch()
  private var roomWaiter: CheckedContinuation<Void, Never>?

  /// Lines in the queue that are being decoded, and the ids that were cancelled meanwhile.
  private var undecodedCount = 0
  private var earlyCancels: Set<RequestID> = []

  /// Notifications that were begun and not waited for.
  private var background: [ObjectIdentifier: PendingRequest] = [:]
  private var backgroundByteCount = 0

  /// What a read fills, kept to spare an allocation for each.
  private static var scratch: [UInt8] = []

  /// The socket and what the poller knows it by; nil once closed.
  private final class Wire {
    let socket: UnixSocket
    var watch: EventLoop.Watch?
    var interest: PollInterest = .readable

    init(_ socket: consuming UnixSocket) { self.socket = socket }
  }

  init(
    _ socket: consuming UnixSocket, of visitor: Visitor, id: Int, service: Service
  ) throws(SystemError) {
    self.id = id
    self.service = service
    session = Session(of: visitor)
    framer = LineFramer(lineByteLimit: service.limits.lineByteLimit)
    let wire = Wire(socket)
    self.wire = wire
    // The watch keeps the connection alive until it is closed.
    wire.watch = try EventLoop.watch(wire.socket, for: wire.interest) { conditions in self.handle(conditions) }
  }

  private func handle(_ conditions: PollConditions) {
    if conditions.contains(.hangUp) || conditions.contains(.failed) {
      receiveRest()
      hangUp()
      return
    }
    if conditions.contains(.writable) { flush() }
    if conditions.contains(.readable) || conditions.contains(.peerClosedWriting) { receive() }
    settle()
  }

  /// Answers what comes from now on with shutting-down; what was received before goes on.
  func refuseNewRequests() { isDraining = true }

  /// Cancels what works and what waits.
  func cancelEverything(_ cause: Cancellation.Cause) {
    for request in queue.flatMap(\.requests) + background.values { request.cancellation.cancel(cause) }
  }

  /// Whether all that was received is answered and sent.
  var isIdle: Bool { queue.isEmpty && outbox.isEmpty && background.isEmpty }

  func close() {
    guard let wire else { return }
    if let watch = wire.watch { EventLoop.unwatch(watch) }
    self.wire = nil
    if outbox.byteCount + framer.bufferedByteCount > Exchange.loopByteLimit { service.memoryWasFreed() }
    outbox.removeAll()
    countBytes()
    service.connectionDidClose(self)
    releaseRoom()
  }
}

// MARK: - Reading

extension Connection {
  private func receive() {
    guard let wire, !inputHasEnded, mayRead else { return settle() }
    isGathering = true
    do throws(SystemError) {
      Self.scratch.removeAll(keepingCapacity: true)
      switch try wire.socket.read(atMost: FileDescriptor.chunkByteCount, appendingTo: &Self.scratch) {
      case .bytes: framer.append(Self.scratch)
      case .endOfFile:
        framer.finish()
        inputHasEnded = true
      case .wouldBlock: break
      }
    } catch {
      hangUp()
    }
    takeLines()
    countBytes()
    refuseLineIfTooMuchIsHeld()
    isGathering = false
    flush()
    settle()
  }

  /// Has the service know how many bytes this connection holds in its memory.
  private func countBytes() {
    let byteCount = wire == nil ? queuedByteCount : queuedByteCount + framer.bufferedByteCount
    service.countHeld(byteCount - countedByteCount)
    countedByteCount = byteCount
  }

  /// Gives up a long line that still comes in when all connections together hold more than is allowed: to wait for its
  /// end could mean to wait for somebody else's half a line.
  private func refuseLineIfTooMuchIsHeld() {
    guard hasRoom, service.holdsTooMuch, framer.bufferedByteCount > Exchange.loopByteLimit else { return }
    framer.skipLine()
    countBytes()
    let error = RPCError.limitExceeded(
      "requestBytes", limit: service.limits.requestByteLimit, hint: "send it again when the daemon has less to do")
    accept(.single(.invalid(error, id: .null)))
    work()
  }

  /// Reads what a client that is gone left behind: at most what its socket's buffer holds.
  private func receiveRest() {
    while let wire, !inputHasEnded {
      Self.scratch.removeAll(keepingCapacity: true)
      let outcome = try? wire.socket.read(atMost: FileDescriptor.chunkByteCount, appendingTo: &Self.scratch)
      framer.append(Self.scratch)
      if case .bytes = outcome { continue }
      break
    }
    framer.finish()
    inputHasEnded = true
  }

  /// Puts lines into the queue while there is room, and works at them.
  private func takeLines() {
    while isHungUp || hasRoom, let item = framer.next() {
      switch item {
      case .tooLong: accept(.single(.invalid(.lineTooLong(limit: framer.lineByteLimit), id: .null)))
      case .line(let line) where line.count > Exchange.loopByteLimit: acceptLong(line)
      case .line(let line):
        accept(
          .decode(line, depthLimit: service.limits.nestingLimit, batchLimit: service.limits.batchLimit),
          byteCount: line.count)
      }
      work()
    }
  }

  private func accept(_ incoming: Incoming, byteCount: Int = 0) {
    let exchange = Exchange(byteCount: byteCount)
    append(exchange)
    fill(exchange, with: incoming)
  }

  private func append(_ exchange: Exchange) {
    queue.append(exchange)
    queuedByteCount += exchange.byteCount
  }

  /// Takes a line that would hold the loop: it has its place in the queue while it is decoded.
  private func acceptLong(_ line: [UInt8]) {
    let exchange = Exchange(byteCount: line.count)
    append(exchange)
    undecodedCount += 1
    Task.immediate { @EventLoop in
      await service.decodingTurn()
      let (incoming, verdicts) = await Exchange.decodeElsewhere(line, limits: service.limits)
      service.decodingDidEnd()
      fill(exchange, with: incoming, verdicts: verdicts)
      undecodedCount -= 1
      if undecodedCount == 0 { earlyCancels = [] }
    }
  }

  private func fill(_ exchange: Exchange, with incoming: Incoming, verdicts: [Result<Void, RPCError>?] = []) {
    exchange.fill(incoming, verdicts: verdicts)
    for request in exchange.requests {
      if case .request(let call) = request.element, call.method == Call.cancelRequest.name { cancel(call.params["id"]) }
      if isDraining { request.cancellation.cancel(.stop) }
      if isHungUp, request.endsWithClient { request.cancellation.cancel(.hangUp) }
      if let id = request.id, earlyCancels.contains(id) { request.cancellation.cancel(.client) }
    }
  }

  /// Cancels a request of this connection at once, whatever stands before it.
  private func cancel(_ id: JSONValue?) {
    guard let id, let wanted = RequestID(id) else { return }
    if undecodedCount > 0 { earlyCancels.insert(wanted) }
    for request in queue.lazy.flatMap(\.requests) where request.id == wanted {
      request.cancellation.cancel(.client)
    }
  }

  private var hasRoom: Bool {
    queue.count < service.limits.waitingRequestLimit && queuedByteCount < service.limits.waitingByteLimit
      && background.count < service.limits.backgroundLimit
      && backgroundByteCount < service.limits.backgroundByteLimit && !isOverfull
  }

  private var mayRead: Bool {
    hasRoom && framer.bufferedByteCount <= framer.lineByteLimit + FileDescriptor.chunkByteCount
  }

  private var isOverfull: Bool { outbox.byteCount > service.limits.unreadReplyByteLimit }
}

// MARK: - Working

extension Connection {
  /// Starts working at the queue unless that goes on already. Runs on the caller's stack up to the first wait.
  private func work() {
    guard !isWorking, !queue.isEmpty else { return }
    isWorking = true
    Task.immediate { @EventLoop in
      await workThroughQueue()
      isWorking = false
      settle()
    }
  }

  private func workThroughQueue() async {
    stretch = Stretch()
    while let exchange = queue.first {
      await carryOut(exchange)
      queue.removeFirst()
      queuedByteCount -= exchange.byteCount
      if exchange.byteCount > Exchange.loopByteLimit { service.memoryWasFreed() }
      if !isGathering {
        flush()
        takeLines()
        countBytes()
      }
      if isOverfull { await roomInOutbox() }
      await pauseIfLong()
    }
  }

  /// Lets other connections have their turn when this one has held the loop for a while.
  private func pauseIfLong() async {
    guard stretch.isLong else { return }
    await EventLoop.nextTurn()
    stretch = Stretch()
  }

  /// Answers a line: its requests one after the other, its notifications begun in their turn and not waited for.
  private func carryOut(_ exchange: Exchange) async {
    var replies: [Reply] = []
    if exchange.decoded.outcome == nil { _ = try? await exchange.decoded.value() }
    for request in exchange.requests {
      guard let id = request.id else {
        begin(request, byteCount: exchange.byteCount)
        continue
      }
      let outcome = await outcome(of: request)
      if !isHungUp { replies.append(Reply(id: id, outcome: outcome)) }
      if exchange.isBatch { await pauseIfLong() }
    }
    guard wire != nil, !replies.isEmpty else { return }
    let answer = await exchange.encoded(consume replies)
    if wire != nil { outbox.append(answer) }
  }

  private func begin(_ notification: PendingRequest, byteCount: Int) {
    background[ObjectIdentifier(notification)] = notification
    backgroundByteCount += byteCount
    Task.immediate { @EventLoop in
      _ = await outcome(of: notification)
      background[ObjectIdentifier(notification)] = nil
      backgroundByteCount -= byteCount
      if !isGathering { takeLines() }
      settle()
    }
  }

  private func outcome(of pending: PendingRequest) async -> Result<JSONValue, RPCError> {
    switch pending.element {
    case .invalid(let error, _):
      service.statistics.record(errorKind: error.kind)
      return .failure(error)
    case .request(let request):
      return await service.answer(
        request, checked: pending.verdict, session: session, cancellation: pending.cancellation,
        progress: progressSink(for: request))
    }
  }

  /// Sends `$/progress` for requests that asked for it, unless the client leaves too much unread.
  private func progressSink(for request: Request) -> ProgressSink? {
    guard let id = request.id, request.params["progress"] == true else { return nil }
    return { [weak self] value in
      guard let self, wire != nil, outbox.byteCount < Self.progressByteLimit else { return }
      var bytes: [UInt8] = []
      ServerMessage.writeNotification(
        method: "$/progress", params: ["id": id.value, "value": .object(value)], to: &bytes)
      outbox.append(bytes)
      flush()
    }
  }

  /// Progress is left out while this much is unread: the next one says more.
  private static let progressByteLimit = 64 << 10

  private func roomInOutbox() async {
    await withCheckedContinuation { roomWaiter = $0 }
  }

  private func releaseRoom() {
    roomWaiter?.resume()
    roomWaiter = nil
  }
}

// MARK: - Writing and ending

extension Connection {
  private func flush() {
    guard !isGathering, let wire else { return }
    do throws(SystemError) {
      try outbox.send(to: wire.socket)
    } catch {
      hangUp()
    }
    watchWhatMatters()
    if !isOverfull { releaseRoom() }
  }

  /// The client is gone: reading work is pointless, what it meant to change is done, and nobody is answered.
  private func hangUp() {
    guard !isHungUp else { return }
    isHungUp = true
    for request in queue.flatMap(\.requests) + background.values where request.endsWithClient {
      request.cancellation.cancel(.hangUp)
    }
    framer.finish()
    inputHasEnded = true
    close()
    takeLines()
  }

  /// Closes what is done with, and otherwise waits for what comes next.
  private func settle() {
    if isDraining { service.checkIdleness() }
    guard wire != nil else {
      if isIdle { service.connectionDidFinish(self) }
      return
    }
    guard !isGathering else { return }
    if inputHasEnded, queue.isEmpty, outbox.isEmpty, framer.bufferedByteCount == 0 {
      close()
    } else {
      watchWhatMatters()
    }
  }

  /// Waits for bytes while more requests may come, and for room while answers wait for it.
  private func watchWhatMatters() {
    guard let wire, let watch = wire.watch else { return }
    var interest: PollInterest = []
    if !inputHasEnded, mayRead { interest.insert(.readable) }
    if !outbox.isEmpty { interest.insert(.writable) }
    guard interest != wire.interest else { return }
    do throws(SystemError) {
      try EventLoop.setInterest(interest, of: watch)
      wire.interest = interest
    } catch {
      hangUp()
    }
  }
}
