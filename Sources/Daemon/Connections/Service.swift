import JSON
import RPC
import System

/// What all connections share: the calls' way to the models, the counts, and who is connected.
@EventLoop
final class Service {
  let configuration: DaemonConfiguration
  let statistics = Statistics()
  let models: ModelRegistry
  let reading: Reading
  /// Called once when a client asks the daemon to stop.
  var stopRequested: () -> Void = {}
  /// Called whenever a connection has closed: a place, and a descriptor, are free.
  var connectionClosed: () -> Void = {}

  private(set) var connections: [Int: Connection] = [:]
  /// Connections whose clients are gone, but not all that they wanted done.
  private var unfinished: [Int: Connection] = [:]
  private(set) var isDraining = false
  private var willGiveBackMemory = false
  /// Whether more was freed since it was decided to give it back.
  private var wasFreedLately = false
  private let lineDesk = LineDesk(name: "rnnd.lines")
  private let longLineDesk = LineDesk(name: "rnnd.longlines")
  private static let longLineByteCount = 256 << 10
  /// Bytes of requests that connections hold.
  private var heldByteCount = 0
  private let idle = Deferred<Void>()
  private var lastConnectionID = 0

  var limits: Limits { configuration.limits }
  var log: Log { configuration.log }

  init(_ configuration: DaemonConfiguration) {
    self.configuration = configuration
    models = ModelRegistry(configuration)
    reading = Reading(memoryByteLimit: configuration.limits.stateCacheByteLimit)
  }

  /// Serves a client from now on.
  func connect(_ socket: consuming UnixSocket, of visitor: Visitor = .owner) throws(SystemError) {
    lastConnectionID += 1
    connections[lastConnectionID] = try Connection(socket, of: visitor, id: lastConnectionID, service: self)
    statistics.acceptedConnectionCount += 1
  }

  func connectionDidClose(_ connection: Connection) {
    connections[connection.id] = nil
    if !connection.isIdle { unfinished[connection.id] = connection }
    checkIdleness()
    connectionClosed()
  }

  /// Counts bytes of requests that a connection holds, or holds no longer.
  func countHeld(_ byteCount: Int) { heldByteCount += byteCount }

  /// Whether the requests of all connections together take more memory than they may.
  var holdsTooMuch: Bool { heldByteCount > limits.requestByteLimit }

  /// Where a line of this length is decoded, and its answer encoded, when the loop doesn't do it: lines of megabytes
  /// don't hold up others.
  func lineDesk(forByteCount byteCount: Int) -> LineDesk {
    byteCount > Self.longLineByteCount ? longLineDesk : lineDesk
  }

  /// Much was freed, or soon will be by another thread: gives it back to the system, at most once a second, and for the
  /// last time a second or more after the last of it.
  func memoryWasFreed() {
    wasFreedLately = willGiveBackMemory
    guard !willGiveBackMemory else { return }
    willGiveBackMemory = true
    _ = EventLoop.after(milliseconds: 1_000) { [weak self, lineDesk] in
      EventLoop.later { await lineDesk.giveBackMemory() }
      guard let self else { return }
      willGiveBackMemory = false
      if wasFreedLately { memoryWasFreed() }
    }
  }

  /// All that a client wanted who is gone has been done.
  func connectionDidFinish(_ connection: Connection) {
    unfinished[connection.id] = nil
    connectionClosed()
    checkIdleness()
  }

  /// Whether another client can be served: those who left work behind count like those who are there.
  var hasRoom: Bool { connections.count + unfinished.count < limits.connectionLimit }

  /// Makes ready what the first client finds.
  func prepare() async throws(SystemError) { try await models.prepare() }

  /// Carries out a request and counts it.
  ///
  /// - Parameter verdict: what the check of its params found, if that has been done.
  func answer(
    _ request: Request, checked verdict: Result<CheckedParams, RPCError>? = nil, session: Session,
    cancellation: Cancellation,
    progress: ProgressSink?
  ) async -> Result<JSONValue, RPCError> {
    let start = MonotonicClock.nanoseconds
    let call = CallTable.call(named: request.method)
    let outcome: Result<JSONValue, RPCError>
    do throws(RPCError) {
      outcome = .success(
        try await perform(
          request, by: call, checked: verdict, session: session, cancellation: cancellation, progress: progress))
    } catch {
      outcome = .failure(error)
      statistics.record(errorKind: error.kind)
    }
    if let call {
      let failed = if case .failure = outcome { true } else { false }
      statistics.record(call: call.name, nanoseconds: MonotonicClock.nanoseconds - start, failed: failed)
    }
    return outcome
  }

  private func perform(
    _ request: Request, by call: Call?, checked verdict: Result<CheckedParams, RPCError>?, session: Session,
    cancellation: Cancellation, progress: ProgressSink?
  ) async throws(RPCError) -> JSONValue {
    guard let call else {
      throw .methodNotFound(request.method, among: CallTable.all.map(\.name))
    }
    try cancellation.check()
    try session.visitor.check(call, request.params)
    let params = if let verdict { try verdict.get() } else { try call.check(request.params) }
    return try await call.run(
      Invocation(
        service: self, session: session, params: params, cancellation: cancellation,
        isNotification: request.id == nil, progress: progress))
  }
}

// MARK: - Stopping

extension Service {
  /// Refuses new requests, and ends long training with the update that it is at; the rest that was received goes on.
  func beginDraining() {
    isDraining = true
    for model in models.loaded { model.stopTraining(.stop) }
    for connection in Array(connections.values) + unfinished.values { connection.refuseNewRequests() }
    checkIdleness()
  }

  func cancelEverything(_ cause: Cancellation.Cause) {
    for connection in Array(connections.values) + unfinished.values { connection.cancelEverything(cause) }
  }

  /// Closes connections as they are.
  func abandonConnections() {
    for connection in Array(connections.values) { connection.close() }
    unfinished = [:]
    checkIdleness()
  }

  /// Waits until all that was received is answered.
  func untilIdle() async {
    guard let idle = try? await idle.value() else { return }
    return idle
  }

  /// Saves what was learned since the last time; false when something could not be saved.
  func saveModels() async -> Bool {
    var isSaved = true
    for model in models.loaded where model.snapshot != nil {
      try? await model.save()
      // Without a checkpoint the journal has it all the same.
      if await !model.closeJournal() { isSaved = false }
    }
    return isSaved
  }

  func checkIdleness() {
    guard isDraining, unfinished.isEmpty, connections.values.allSatisfy(\.isIdle) else { return }
    idle.complete(.success(()))
  }
}
