import LanguageModel
import RPC
import System

/// A model in memory, as the loop sees it: the snapshot that readers use, and the queue of what is to change it.
///
/// It exists from the moment that someone asks for it; until it is open, readers wait and changes queue up. Changes
/// happen one at a time, in the order in which they were asked for, each on the trainer's thread.
@EventLoop
final class Model {
  let name: String
  let directory: ModelDirectory
  private let trainer: ModelTrainer
  private let log: Log

  /// What readers read; nil until the model is open.
  private(set) var snapshot: ModelSnapshot?
  /// The outcome of opening it.
  let opened = Deferred<Void>()
  /// The end of its life in memory; a failure when it has to stay after all.
  private(set) var closed = Deferred<Void>()
  /// Whether it takes no new requests, as it is about to leave memory.
  private(set) var isClosing = false

  private var turns: [Turn] = []
  private var isTakingTurns = false
  private var lastTurn = 0
  /// Raised while a turn waits, so that long training lets it through after the update that it is at.
  private var attention = Flag()
  /// The training that is under way, and its end.
  private var run: (cancellation: Cancellation, ended: Deferred<Void>)?

  private var changeCount = 0
  private var savedChangeCount = 0
  private(set) var lastSaveError: RPCError?
  private var publishedNanoseconds: UInt64 = 0

  /// Something that changes the model, or must see it between changes.
  private struct Turn {
    let number: Int
    let take: @EventLoop () async -> Void
    let refuse: @EventLoop (RPCError) -> Void
  }

  /// - Parameters:
  ///   - predecessor: what must leave memory before this one may be opened.
  ///   - allowance: what opening may use, asked when it begins.
  init(
    name: String, directory: ModelDirectory, from source: ModelSource, after predecessor: Model?, log: Log,
    cancellation: Cancellation?, allowance: @escaping @EventLoop () -> ModelTrainer.Allowance
  ) {
    self.name = name
    self.directory = directory
    self.log = log
    trainer = ModelTrainer(name: name, directory: directory)
    Task.immediate { @EventLoop in
      do throws(RPCError) {
        try await predecessor?.closed.value()
        publish(try await trainer.open(source, within: allowance(), isCancelled: cancellation?.flag ?? Flag()))
        opened.complete(.success(()))
      } catch {
        isClosing = true
        log.warning("can't open the model \(name): \(error.message)")
        opened.complete(.failure(error))
        closed.complete(.success(()))
      }
      takeTurns()
    }
  }

  /// The snapshot, waited for while the model is opened.
  func snapshot(unless cancellation: Cancellation?) async throws(RPCError) -> ModelSnapshot {
    if let snapshot { return snapshot }
    try await opened.value(unless: cancellation)
    guard let snapshot else { throw .internalError("the model is open but has no snapshot") }
    return snapshot
  }

  /// Whether it holds what is not on the disk.
  var isDirty: Bool { changeCount != savedChangeCount }
  var isTraining: Bool { run != nil }
  var waitingChangeCount: Int { turns.count }

  private func publish(_ snapshot: ModelSnapshot) {
    self.snapshot = snapshot
    publishedNanoseconds = MonotonicClock.nanoseconds
  }
}

// MARK: - Turns

extension Model {
  /// Does something in its turn: after what was asked for before, and before what is asked for later.
  ///
  /// The place in the queue is taken before this first waits. A turn that is cancelled while it waits never comes; one
  /// that has come is waited for.
  private func inTurn<Value: Sendable>(
    unless cancellation: Cancellation? = nil,
    _ body: @escaping @EventLoop (ModelTrainer) async throws(RPCError) -> Value
  ) async throws(RPCError) -> Value {
    try cancellation?.check()
    guard closed.outcome == nil else {
      throw .busy("the model \(name) was unloaded or deleted meanwhile", hint: "ask again")
    }
    let outcome = Deferred<Value>()
    lastTurn += 1
    let number = lastTurn
    turns.append(
      Turn(
        number: number,
        take: { [trainer] in
          do throws(RPCError) { outcome.complete(.success(try await body(trainer))) } catch {
            outcome.complete(.failure(error))
          }
        },
        refuse: { outcome.complete(.failure($0)) }))
    attention.raise()
    let handler = cancellation?.onCancel { [weak self] in
      self?.giveUp(number, cancellation?.cause?.error ?? .cancelled())
    }
    takeTurns()
    defer { if let handler { cancellation?.forget(handler) } }
    return try await outcome.value()
  }

  /// Takes a turn that hasn't come out of the queue.
  private func giveUp(_ number: Int, _ error: RPCError) {
    guard let index = turns.firstIndex(where: { $0.number == number }) else { return }
    turns.remove(at: index).refuse(error)
  }

  private func refuseTurns(_ error: RPCError) {
    let refused = turns
    turns = []
    for turn in refused { turn.refuse(error) }
  }

  private func takeTurns() {
    guard !isTakingTurns, let outcome = opened.outcome else { return }
    if case .failure(let error) = outcome { return refuseTurns(error) }
    isTakingTurns = true
    Task.immediate { @EventLoop in
      while !turns.isEmpty {
        let turn = turns.removeFirst()
        if turns.isEmpty { attention = Flag() }
        await turn.take()
      }
      isTakingTurns = false
    }
  }
}

// MARK: - Teaching

extension Model {
  /// Teaches a lesson, in the order of the requests for lessons.
  ///
  /// - Parameters:
  ///   - input: what the params call the lesson's text.
  ///   - session: where the lesson goes on from what the connection taught before, and leaves where it ended.
  ///   - isAwaited: whether someone waits to see what was learned.
  func teach(
    _ lesson: Lesson, input: String, carriedBy session: Session?, isAwaited: Bool, unless cancellation: Cancellation
  ) async throws(RPCError) -> LessonReport {
    try await inTurn(unless: cancellation) { [self] (trainer) async throws(RPCError) in
      var lesson = lesson
      lesson.carry = session?.carry(of: self)
      let (report, snapshot) = try await trainer.teach(
        lesson, input: input, publishes: isAwaited || mustPublish, isCancelled: cancellation.flag)
      changeCount += 1
      if let snapshot { publish(snapshot) }
      session?.setCarry(report.carry, of: self)
      return report
    }
  }

  /// Whether readers have waited long enough for what was learned from notifications.
  private var mustPublish: Bool {
    turns.isEmpty || MonotonicClock.nanoseconds - publishedNanoseconds > Self.publishingNanoseconds
  }

  private static let publishingNanoseconds: UInt64 = 200_000_000

  /// Trains on whole texts, letting lessons and questions through between two updates.
  ///
  /// A run that its client cancels, and one that fails, has taught nothing; but lessons that came in between stay, and
  /// what the run had taught before them. One that ends with its client's hang-up or the daemon's stop keeps what it has
  /// taught.
  func train(
    _ plan: TrainingPlan, fileByteLimit: Int, unless cancellation: Cancellation,
    progress: @escaping @EventLoop (TrainingProgress) -> Void
  ) async throws(RPCError) -> TrainingSummary {
    while let run { try await run.ended.value(unless: cancellation) }
    let ended = Deferred<Void>()
    run = (cancellation, ended)
    defer {
      run = nil
      ended.complete(.success(()))
    }
    try await inTurn(unless: cancellation) { (trainer) async throws(RPCError) in
      try await trainer.beginRun(plan, fileByteLimit: fileByteLimit)
    }
    while true {
      let slice: ModelTrainer.Slice
      do throws(RPCError) {
        slice = try await trainOn(cancellation)
      } catch {
        await endRun(discards: cancellation.isByClient)
        throw error
      }
      // Also a run so short that it is over at once tells how far it came.
      if let update = slice.progress { progress(update) }
      if slice.isOver { return slice.summary }
    }
  }

  /// One slice of a run, in its turn.
  private func trainOn(_ cancellation: Cancellation) async throws(RPCError) -> ModelTrainer.Slice {
    // A slice ends early when the run is cancelled as well as when another turn waits.
    let handler = cancellation.onCancel { [weak self] in self?.attention.raise() }
    defer { cancellation.forget(handler) }
    return try await inTurn { [self] (trainer) async throws(RPCError) in
      try cancellation.check()
      let slice = try await trainer.continueRun(until: attention, milliseconds: Self.sliceMilliseconds)
      changeCount += 1
      publish(slice.snapshot)
      if !slice.isOver { try cancellation.check() }
      return slice
    }
  }

  /// How long a slice is at most, and so how often a model in training is published.
  private static let sliceMilliseconds = 200

  private func endRun(discards: Bool) async {
    let snapshot = try? await inTurn { (trainer) async throws(RPCError) in
      try await trainer.endRun(discards: discards)
    }
    if let snapshot { publish(snapshot) }
  }

  /// Ends long training between two updates.
  func stopTraining(_ cause: Cancellation.Cause) { run?.cancellation.cancel(cause) }
}

extension Cancellation {
  fileprivate var isByClient: Bool { if case .client = cause { true } else { false } }
}

// MARK: - Keeping

extension Model {
  /// Saves the model in its own directory, if something was learned since the last time.
  func save(unless cancellation: Cancellation? = nil) async throws(RPCError) {
    try await inTurn(unless: cancellation) { [self] (trainer) async throws(RPCError) in
      try await saveNow(trainer)
    }
  }

  private func saveNow(_ trainer: ModelTrainer) async throws(RPCError) {
    guard isDirty || !directory.holdsModel else { return }
    let count = changeCount
    do throws(RPCError) {
      try await trainer.save(to: directory)
    } catch {
      lastSaveError = error
      log.error("can't save the model \(name): \(error.message)")
      throw error
    }
    savedChangeCount = count
    lastSaveError = nil
  }

  /// Writes the model into another directory.
  func export(to directory: ModelDirectory, unless cancellation: Cancellation) async throws(RPCError) {
    try await inTurn(unless: cancellation) { (trainer) async throws(RPCError) in try await trainer.save(to: directory) }
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
    refuseTurns(cause.error)
    do throws(RPCError) {
      try await inTurn { (trainer) async throws(RPCError) in try await trainer.removeDirectory() }
    } catch {
      stay(error)
      throw error
    }
    closed.complete(.success(()))
  }
}
