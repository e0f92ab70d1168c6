import JSON
import RPC
import System

/// One client: its bytes in, its requests in order, its answers out.
///
/// Requests wait in ``queue``; a task works at the first one and answers it before it begins the next. Reading stops
/// while too many wait or too much is unread, so that a client which doesn't keep up holds nothing but itself.
///
/// News of a client with whom nothing is left to do are dealt with at once. Those of one whose last line is not whole,
/// whose requests are not all answered or whose answers are not all read stand in the loop's line, and so does what takes
/// more than a stretch, and for a while what follows a line that took more: however many keep the loop busy, they share
/// what is left by those who ask one short question after the other.
@EventLoop
final class Connection {
  let id: Int
  private let service: Service
  private let session: Session
  private var wire: Wire?
  private var framer: LineFramer
  private var outbox = Outbox()
  private var queue: [Exchange] = []
  private var index = RequestIndex()

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
  /// Whether what is answered up to the next wait will be sent then.
  private var willFlush = false
  private var stretch = Stretch()
  /// Whether it stands in line for a turn.
  private var isInLine = false
  /// What is known of the socket and not dealt with.
  private var news: PollConditions = []
  /// Whether the client has asked anything.
  private var hasAsked = false
  /// How many of its next lines wait for their turn, as one took long to decode, or was a batch that took long.
  private var lateLineCount = 0
  private var roomWaiter: CheckedContinuation<Void, Never>?

  /// Lines in the queue that are being decoded, and the ids that were cancelled meanwhile.
  private var undecodedCount = 0
  private var earlyCancels: Set<RequestID> = []

  /// Notifications that were begun and not waited for.
  private var background: [ObjectIdentifier: PendingRequest] = [:]
  private var backgroundByteCount = 0

  /// What a read fills, kept to spare an allocation for each.
  private static var scratch: [UInt8] = []

  init(
    _ socket: consuming UnixSocket, of visitor: Visitor, id: Int, service: Service
  ) throws(SystemError) {
    self.id = id
    self.service = service
    session = Session(of: visitor)
    framer = LineFramer(lineByteLimit: service.limits.lineByteLimit)
    // The wire keeps the connection alive until it is closed.
    wire = try Wire(socket) { conditions in self.handle(conditions) }
  }

  private func handle(_ conditions: PollConditions) {
    news.formUnion(conditions)
    guard isClear else { return waitForTurn() }
    EventLoop.noteServed()
    takeTurn()
  }

  /// Whether nothing is left over from the client's last request, and its last ones were short.
  private var isClear: Bool {
    hasAsked && !isInLine && queue.isEmpty && outbox.isEmpty && !framer.isWithinLine && lateLineCount == 0
  }

  private func waitForTurn() {
    // A hang-up would be reported in every round, and so would bytes. Mostly its turn comes before the next round, and
    // what is watched for needn't change twice.
    if news.isEnd { wire?.unwatch() } else if isInLine { watchWhatMatters() }
    guard !isInLine else { return }
    isInLine = true
    EventLoop.inTurn { [self] in
      isInLine = false
      takeTurn()
    }
  }

  private func takeTurn() {
    stretch = Stretch()
    let news = news
    self.news = PollConditions()
    if news.isEnd {
      receiveRest()
      hangUp()
      return
    }
    if news.contains(.writable) { flush() }
    if news.contains(.readable) || news.contains(.peerClosedWriting) { receive() }
    takeOn()
  }

  /// Answers what comes from now on with shutting-down; what was received before goes on.
  func refuseNewRequests() { isDraining = true }

  /// Cancels what works and what waits.
  func cancelEverything(_ cause: Cancellation.Cause) {
    for request in queue.flatMap(\.requests) + background.values { request.cancellation.cancel(cause) }
  }

  /// Whether all that was received is answered and sent.
  var isIdle: Bool {
    queue.isEmpty && outbox.isEmpty && background.isEmpty && !(isHungUp && framer.bufferedByteCount > 0)
  }

  func close() {
    guard let wire else { return }
    wire.unwatch()
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
  /// Reads what is there, for a stretch.
  private func receive() {
    guard let wire else { return }
    do throws(SystemError) {
      while !inputHasEnded, mayRead {
        switch try wire.read(into: &framer, through: &Self.scratch) {
        case .bytes(let count):
          // Behind less than a whole chunk nothing is left.
          if count < Wire.chunkByteCount || stretch.isLong { return }
        case .endOfFile:
          framer.finish()
          inputHasEnded = true
        case .wouldBlock: return
        }
      }
    } catch {
      hangUp()
    }
  }

  /// Works at the lines that are there.
  private func takeOn() {
    takeLines()
    countBytes()
    refuseLineIfTooMuchIsHeld()
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
    guard hasRoom, !isInLine, service.holdsTooMuch, framer.bufferedByteCount > Exchange.loopByteLimit else { return }
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
      if case .bytes = try? wire.read(into: &framer, through: &Self.scratch) { continue }
      break
    }
    framer.finish()
    inputHasEnded = true
  }

  /// Puts lines into the queue while there is room, and works at them, for a stretch: at one line at least, however long
  /// it took to read it.
  private func takeLines() {
    while isHungUp || hasRoom, let item = framer.nextInPieces() {
      hasAsked = true
      switch item {
      case .tooLong: accept(.single(.invalid(.lineTooLong(limit: framer.lineByteLimit), id: .null)))
      case .line(let line): accept(line)
      }
      work()
      if framer.bufferedByteCount > 0, stretch.isLong { return waitForTurn() }
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

  private func accept(_ line: PiecedLine) {
    var decoding = line.byteCount > Self.shortLineByteCount ? Stretch() : nil
    guard let incoming = decode(line) else { return acceptElsewhere(line) }
    accept(incoming, byteCount: line.byteCount)
    let wasLong = line.byteCount > Exchange.loopByteLimit || decoding?.isLong ?? false
    lateLineCount = wasLong ? Self.lateLineLimit : max(0, lateLineCount - 1)
  }

  /// What a line asks for, unless it would hold the loop up to find out: of a long line only if it is little but a text.
  private func decode(_ line: PiecedLine) -> Incoming? {
    guard line.byteCount <= Self.simpleLineByteLimit else { return nil }
    let bytes = line.joined()
    let (depthLimit, batchLimit) = (service.limits.nestingLimit, service.limits.batchLimit)
    return bytes.count <= Exchange.loopByteLimit
      ? .decode(bytes, depthLimit: depthLimit, batchLimit: batchLimit)
      : .decodeIfSimple(bytes.span, depthLimit: depthLimit, batchLimit: batchLimit)
  }

  /// Longer lines take longer than the loop may be held up, whatever they hold.
  private static let simpleLineByteLimit = 1 << 20
  /// Lines of up to this many bytes are decoded within a stretch.
  private static let shortLineByteCount = 1 << 10
  /// So many short lines make up for a long one.
  private static let lateLineLimit = 64

  /// Takes a line that would hold the loop: it has its place in the queue while it is decoded.
  private func acceptElsewhere(_ line: PiecedLine) {
    let exchange = Exchange(byteCount: line.byteCount, isDecodedLater: true)
    append(exchange)
    undecodedCount += 1
    EventLoop.later { [self] in
      let desk = service.lineDesk(forByteCount: exchange.byteCount)
      let (incoming, verdicts) = await desk.decode(line, limits: service.limits)
      fill(exchange, with: incoming, verdicts: verdicts)
      undecodedCount -= 1
      if undecodedCount == 0 { earlyCancels = [] }
    }
  }

  private func fill(_ exchange: Exchange, with incoming: Incoming, verdicts: [Result<CheckedParams, RPCError>?] = []) {
    exchange.fill(incoming, verdicts: verdicts)
    for request in exchange.requests { index.insert(request) }
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
    for request in index.takeAll(of: wanted) { request.cancellation.cancel(.client) }
  }

  private var hasRoom: Bool {
    queue.count < service.limits.waitingRequestLimit && queuedByteCount < service.limits.waitingByteLimit
      && background.count < service.limits.backgroundLimit
      && backgroundByteCount < service.limits.backgroundByteLimit && !isOverfull
  }

  private var mayRead: Bool {
    hasRoom && !isInLine && framer.bufferedByteCount <= framer.lineByteLimit + Wire.chunkByteCount
  }

  private var isOverfull: Bool { outbox.byteCount > service.limits.unreadReplyByteLimit }
}

// MARK: - Working

extension Connection {
  /// Starts working at the queue unless that goes on already.
  private func work() {
    guard !isWorking, !queue.isEmpty else { return }
    isWorking = true
    EventLoop.later { [self] in
      await workThroughQueue()
      isWorking = false
      settle()
    }
  }

  private func workThroughQueue() async {
    while let exchange = queue.first {
      await carryOut(exchange)
      queue.removeFirst()
      for request in exchange.requests { index.remove(request) }
      queuedByteCount -= exchange.byteCount
      if exchange.byteCount > Exchange.loopByteLimit { service.memoryWasFreed() }
      takeLines()
      countBytes()
      if queue.isEmpty { flush() } else { flushSoon() }
      if isOverfull { await roomInOutbox() }
      if !queue.isEmpty { await pauseIfLong() }
    }
  }

  /// Lets other connections have their turn when this one has held the loop for a while; whether it had.
  @discardableResult
  private func pauseIfLong() async -> Bool {
    guard stretch.isLong else { return false }
    await EventLoop.nextTurn()
    return true
  }

  /// Answers a line: its requests one after the other, its notifications begun in their turn and not waited for.
  private func carryOut(_ exchange: Exchange) async {
    var replies: [Reply] = []
    if let decoded = exchange.decoded { _ = try? await decoded.value() }
    for request in exchange.requests {
      guard let id = request.id else {
        begin(request, byteCount: exchange.byteCount)
        // It takes its place among the lessons before the next request does.
        await EventLoop.letOthersGoFirst()
        continue
      }
      let outcome = await outcome(of: request)
      if !isHungUp { replies.append(Reply(id: id, outcome: outcome)) }
      if exchange.isBatch, await pauseIfLong() { lateLineCount = Self.lateLineLimit }
    }
    guard wire != nil, !replies.isEmpty else { return }
    let answer: [UInt8]
    if Reply.areShort(replies) {
      answer = Reply.line(of: replies, isBatch: exchange.isBatch)
    } else {
      let desk = service.lineDesk(forByteCount: exchange.byteCount)
      answer = await desk.encode(consume replies, isBatch: exchange.isBatch)
    }
    if wire != nil { outbox.append(answer) }
  }

  private func begin(_ notification: PendingRequest, byteCount: Int) {
    background[ObjectIdentifier(notification)] = notification
    backgroundByteCount += byteCount
    EventLoop.later { [self] in
      _ = await outcome(of: notification)
      background[ObjectIdentifier(notification)] = nil
      backgroundByteCount -= byteCount
      takeLines()
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
    await withCheckedContinuation { continuation in
      if isOverfull { roomWaiter = continuation } else { continuation.resume() }
    }
  }

  private func releaseRoom() {
    roomWaiter?.resume()
    roomWaiter = nil
  }
}

// MARK: - Writing and ending

extension Connection {
  /// Sends what is answered up to the next wait.
  private func flushSoon() {
    guard !willFlush else { return }
    willFlush = true
    EventLoop.later { [self] in
      willFlush = false
      flush()
    }
  }

  private func flush() {
    guard let wire else { return }
    do throws(SystemError) {
      try wire.send(&outbox)
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
    settle()
  }

  /// Closes what is done with, and otherwise waits for what comes next.
  private func settle() {
    if isDraining { service.checkIdleness() }
    guard wire != nil else {
      if isIdle { service.connectionDidFinish(self) }
      return
    }
    if inputHasEnded, queue.isEmpty, outbox.isEmpty, framer.bufferedByteCount == 0 {
      close()
    } else {
      watchWhatMatters()
    }
  }

  /// Waits for bytes while more requests may come, and for room while answers wait for it.
  private func watchWhatMatters() {
    guard let wire else { return }
    var interest = PollInterest()
    if !inputHasEnded, mayRead { interest.insert(.readable) }
    if !outbox.isEmpty, !isInLine { interest.insert(.writable) }
    do throws(SystemError) {
      try wire.wait(for: interest)
    } catch {
      hangUp()
    }
  }
}

extension PollConditions {
  /// Whether nothing can be sent any more.
  fileprivate var isEnd: Bool { contains(.hangUp) || contains(.failed) }
}
