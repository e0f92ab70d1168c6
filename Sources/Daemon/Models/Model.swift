import LanguageModel
import RPC
import Storage
import System

/// A model in memory, as the loop sees it: the snapshot that readers use, and the queue of what is to change it.
///
/// It exists from the moment that someone asks for it; until it is open, readers wait and changes queue up. Changes
/// happen one at a time, in the order in which they were asked for, each on the trainer's thread.
@EventLoop
final class Model {
  let name: String
  let directory: ModelDirectory
  /// What of the daemon's resources is left for models.
  private let allowance: @EventLoop () -> ModelTrainer.Allowance
  let settings: Settings
  let trainer: ModelTrainer
  let turns = TurnQueue()
  private let writer: ModelWriter

  /// What readers read; nil until the model is open.
  private(set) var snapshot: ModelSnapshot?
  /// The outcome of opening it.
  let opened = Deferred<Void>()
  /// The end of its life in memory; a failure when it has to stay after all.
  private(set) var closed = Deferred<Void>()
  /// Whether it takes no new requests, as it is about to leave memory.
  private(set) var isClosing = false

  /// The training that is under way, and its end.
  var run: (cancellation: Cancellation, ended: Deferred<Void>)?

  // How what was taught is kept: see Model+Keeping.swift.

  /// Syncs the journal, and knows how far it is durable; nil until the model is open.
  var syncing: (syncer: JournalSyncer, watch: DurabilityWatch)?
  /// The journal's last record that nobody waited for to be durable.
  var flushableSequence: UInt64 = 0
  /// Why nothing can be taught for now.
  var failure: RPCError?
  /// Whether a lesson was computed that could not be made durable, and is still to be taken back.
  var hasUnsettledLesson = false
  var willHeal = false
  var willFlush = false
  var willCheckpoint = false
  /// The checkpoint that is being written.
  var checkpoint: Deferred<Void>?
  /// Why the last one failed.
  var lastCheckpointError: RPCError?
  var changeCount = 0
  var savedChangeCount = 0
  var checkpointNanoseconds = MonotonicClock.nanoseconds
  private var publishedNanoseconds: UInt64 = 0
  /// Whether something was learned that readers don't see yet.
  var isBehind = false
  /// Whether it will be looked whether lessons still come.
  private var willRest = false
  /// Whether nothing was taught since what only teaching needs was given back.
  private(set) var isResting = false

  /// What a model is told of the daemon that it lives in.
  struct Settings: Sendable {
    var disk: any Disk
    /// How soon is tried again what the disk refused, in milliseconds.
    var retryMilliseconds: Int
    /// How long a lesson that nobody waited for to be durable may not be.
    var flushMilliseconds: Int
    /// How long a replay of the journal may take before a checkpoint is worth while.
    var replayMilliseconds: Int
    /// How long after its last lesson it gives back the memory that only teaching needs.
    var restMilliseconds: Int
    var log: Log
  }

  /// - Parameters:
  ///   - predecessor: what must leave memory before this one may be opened.
  ///   - allowance: what is left for opening it and for what it grows by, asked whenever that begins.
  init(
    name: String, directory: ModelDirectory, from source: ModelSource, after predecessor: Model?, settings: Settings,
    cancellation: Cancellation?, allowance: @escaping @EventLoop () -> ModelTrainer.Allowance
  ) {
    self.name = name
    self.directory = directory
    self.settings = settings
    self.allowance = allowance
    trainer = ModelTrainer(name: name, directory: directory, settings: settings)
    writer = ModelWriter()
    turns.lessonsWaitTogether = { [weak self] in await self?.record($0) }
    turns.ranEmpty = { [weak self] in await self?.publishWhatIsLearned() }
    EventLoop.later { [self] in
      do throws(RPCError) {
        try await predecessor?.closed.value()
        begin(try await trainer.open(source, within: allowance(), isCancelled: cancellation?.flag ?? Flag()))
        opened.complete(.success(()))
        turns.open()
      } catch {
        isClosing = true
        log.warning("can't open the model \(name): \(error.message)")
        opened.complete(.failure(error))
        closed.complete(.success(()))
        turns.refuseAll(error)
      }
    }
  }

  /// How much memory it may take as large as it is to become.
  var memoryByteLimit: Int { allowance().memoryByteCount + (snapshot?.memoryByteCount ?? 0) }

  /// The snapshot, waited for while the model is opened.
  func snapshot(unless cancellation: Cancellation?) async throws(RPCError) -> ModelSnapshot {
    if let snapshot { return snapshot }
    try await opened.value(unless: cancellation)
    guard let snapshot else { throw .internalError("the model is open but has no snapshot") }
    return snapshot
  }

  var log: Log { settings.log }
  /// Whether it holds what no checkpoint has.
  var isDirty: Bool { changeCount != savedChangeCount }
  var isTraining: Bool { run != nil }

  func publish(_ snapshot: ModelSnapshot) {
    self.snapshot = snapshot
    publishedNanoseconds = MonotonicClock.nanoseconds
    isBehind = false
    isResting = false
    restLater(inMilliseconds: settings.restMilliseconds)
  }

  /// Gives back what only teaching needs when nothing has been taught for a while. One timer at a time: while the model
  /// is taught it is set anew when it comes.
  private func restLater(inMilliseconds milliseconds: Int) {
    guard !willRest else { return }
    willRest = true
    _ = EventLoop.after(milliseconds: milliseconds) { [weak self] in
      guard let self else { return }
      willRest = false
      let quiet = Int((MonotonicClock.nanoseconds - publishedNanoseconds) / 1_000_000)
      guard turns.isIdle, quiet >= settings.restMilliseconds else {
        return restLater(inMilliseconds: max(1, settings.restMilliseconds - quiet))
      }
      let count = changeCount
      EventLoop.later { [self] in
        await trainer.rest()
        isResting = changeCount == count
      }
    }
  }

  /// Whether readers have waited long enough for what was learned from notifications.
  var mustPublish: Bool {
    turns.isEmpty || MonotonicClock.nanoseconds - publishedNanoseconds > Self.publishingNanoseconds
  }

  /// Lets readers see what was learned while others waited, who then had something else to do, or gave up.
  private func publishWhatIsLearned() async {
    guard isBehind, let snapshot = try? await trainer.snapshot() else { return }
    publish(snapshot)
  }

  private static let publishingNanoseconds: UInt64 = 200_000_000

  /// Does something in its turn.
  func inTurn<Value: Sendable>(
    for lesson: WaitingLesson? = nil, unless cancellation: Cancellation? = nil,
    _ body: @escaping @EventLoop () async throws(RPCError) -> Value
  ) async throws(RPCError) -> Value {
    if case .failure(let error) = opened.outcome { throw error }
    guard closed.outcome == nil else {
      throw .busy("the model \(name) was unloaded or deleted meanwhile", hint: "ask again")
    }
    return try await turns.take(for: lesson, unless: cancellation, body)
  }

  /// Writes a checkpoint on a thread of its own.
  func write(_ checkpoint: PendingCheckpoint) async throws(RPCError) { try await writer.write(checkpoint) }
}

// MARK: - Leaving

extension Model {
  /// Writes the model into another directory.
  func export(to directory: ModelDirectory, unless cancellation: Cancellation) async throws(RPCError) {
    let image = try await image(unless: cancellation)
    try await writer.export(image, to: directory)
  }

  /// The model as it is in its turn.
  func image(unless cancellation: Cancellation) async throws(RPCError) -> ModelImage {
    try await inTurn(unless: cancellation) { [trainer] () async throws(RPCError) in try await trainer.image() }
  }

  /// Leaves memory once what was asked for before is done; what is asked for later belongs to whatever comes after.
  ///
  /// - Throws: when it can't be saved; then it stays.
  func unload() async throws(RPCError) {
    guard run == nil else {
      throw .busy("the model \(name) is being trained", hint: "wait for the training's end, or cancel it")
    }
    isClosing = true
    do throws(RPCError) { try await save() } catch {
      stay(error)
      throw error
    }
    await closeJournal()
    closed.complete(.success(()))
  }

  /// Takes requests again, as it can't leave.
  private func stay(_ error: RPCError) {
    isClosing = false
    let failed = closed
    closed = Deferred()
    failed.complete(.failure(error))
  }

  /// Leaves memory and disk. Training ends with the update that it is at, and lessons that wait are refused.
  ///
  /// - Throws: when the directory can't be removed; then the model stays.
  func delete() async throws(RPCError) {
    isClosing = true
    let cause = Cancellation.Cause.deletion(model: name)
    stopTraining(cause)
    turns.refuseAll(cause.error)
    do throws(RPCError) {
      try await inTurn { [self] () async throws(RPCError) in
        await untilCheckpointIsWritten()
        try await trainer.removeDirectory()
      }
    } catch {
      stay(error)
      throw error
    }
    closed.complete(.success(()))
  }
}
