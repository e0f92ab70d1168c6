import LanguageModel
import RPC
import System

extension Model {
  /// Teaches a lesson, in the order of the requests for lessons.
  ///
  /// It is written to the journal, computed while the journal is synced, then published, and answered.
  ///
  /// - Parameters:
  ///   - input: what the params call the lesson's text.
  ///   - session: where the lesson goes on from what the connection taught before, and leaves where it ended.
  ///   - isAwaited: whether someone waits to see what was learned.
  func teach(
    _ request: LessonRequest, durability: Durability, input: String, carriedBy session: Session?, isAwaited: Bool,
    unless cancellation: Cancellation
  ) async throws(RPCError) -> LessonAnswer {
    let lesson = WaitingLesson(
      LessonTicket(request: request, durability: durability, input: input, isCancelled: cancellation.flag))
    return try await inTurn(for: lesson, unless: cancellation) { [self] () async throws(RPCError) in
      // What is in the journal is taught, or is taken back with it.
      if lesson.sequence == nil, failure != nil {
        if let report = try await trainer.answer(to: request) {
          return LessonAnswer(report: report, isRepeated: true, durability: durability)
        }
        try checkWritable()
      }
      guard let syncing else { throw .internalError("the model is open but has no journal") }
      var ticket = lesson.ticket
      ticket.request.lesson.carry = session?.carry(of: self)
      ticket.memoryByteLimit = memoryByteLimit
      let outcome = try await trainer.teach(
        ticket, recordedAs: lesson.sequence, publishes: isAwaited || mustPublish, syncer: syncing.syncer)
      try await settle(outcome, durability: durability)
      if let snapshot = outcome.snapshot {
        publish(snapshot)
        // Nobody waits for it, and the next lesson need not.
        EventLoop.later { [trainer] in await trainer.prepareForLesson() }
      }
      let report = try outcome.result.get()
      if outcome.snapshot == nil, !outcome.isRepeated { isBehind = true }
      if let carry = report.carry { session?.setCarry(carry, of: self) }
      if outcome.wantsCheckpoint { checkpointSoon() }
      return LessonAnswer(report: report, isRepeated: outcome.isRepeated, durability: durability)
    }
  }

  /// Brings lessons that wait together to the journal, so that they share a sync.
  func record(_ lessons: [WaitingLesson]) async {
    guard failure == nil, let syncing else { return }
    for lesson in lessons { lesson.isRecorded = true }
    let sequences = await trainer.record(lessons.map(\.ticket))
    for (index, lesson) in lessons.enumerated() {
      lesson.sequence = index < sequences.count ? sequences[index] : nil
      lesson.isRecorded = lesson.sequence != nil
    }
    let awaited = lessons.last { $0.sequence != nil && $0.ticket.durability == .fsync }
    if let sequence = awaited?.sequence { syncing.syncer.request(through: sequence) }
  }

  /// Waits until a lesson is as durable as it is to be, before anybody sees it.
  ///
  /// - Throws: storage; then the lesson is taken back.
  private func settle(_ outcome: LessonOutcome, durability: Durability) async throws(RPCError) {
    if outcome.isStorageFailing, case .failure(let error) = outcome.result { becomeReadOnly(error) }
    guard let sequence = outcome.sequence else { return }
    if durability == .fsync, let watch = syncing?.watch {
      do throws(RPCError) { try await watch.wait(for: sequence) } catch {
        await setBack()
        throw readOnlyError(error)
      }
    } else {
      flushSoon(through: sequence)
    }
    changeCount += 1
  }
}

// MARK: - Long training

extension Model {
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
    try await inTurn(unless: cancellation) { [self] () async throws(RPCError) in
      try checkWritable()
      // If the training fails, though the daemon crashed in between, this is what the model goes back to.
      if await !trainer.isAtCheckpoint { try await checkpointNow() }
      try await trainer.beginRun(plan, fileByteLimit: fileByteLimit, memoryByteLimit: memoryByteLimit)
      do throws(RPCError) { try await checkpointNow() } catch {
        let (snapshot, mustCheckpoint) = try await trainer.takeBackRun()
        publish(snapshot)
        if mustCheckpoint { becomeReadOnly(error) }
        throw error
      }
    }
    let summary = try await trainToTheEnd(unless: cancellation, progress: progress)
    // A crash before this is written only costs the time to train again from the checkpoint before.
    try await save()
    return summary
  }

  /// Goes on with a run that was under way when the model was last in memory. Nobody waits for its end.
  func resumeTraining() {
    let cancellation = Cancellation()
    let ended = Deferred<Void>()
    run = (cancellation, ended)
    log.info("goes on with the training of the model \(name) where it stood")
    EventLoop.later { [self] in
      do throws(RPCError) {
        _ = try await trainToTheEnd(unless: cancellation, isUnattended: true, progress: { _ in })
        log.info("the training of the model \(name) is done")
        try await save()
      } catch {
        log.warning("the training of the model \(name) ended: \(error.message)")
      }
      run = nil
      ended.complete(.success(()))
    }
  }

  private func trainToTheEnd(
    unless cancellation: Cancellation, isUnattended: Bool = false,
    progress: @escaping @EventLoop (TrainingProgress) -> Void
  ) async throws(RPCError) -> TrainingSummary {
    while true {
      let slice: ModelTrainer.Slice
      do throws(RPCError) {
        slice = try await trainOn(cancellation)
      } catch {
        // What nobody waits for goes on when the daemon does.
        if !(isUnattended && cancellation.isByStop) { await stopRun(discards: cancellation.isByClient) }
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
    let handler = cancellation.onCancel { [weak self] in self?.turns.callAttention() }
    defer { cancellation.forget(handler) }
    return try await inTurn { [self] () async throws(RPCError) in
      try cancellation.check()
      let slice: ModelTrainer.Slice
      do throws(RPCError) {
        slice = try await trainer.continueRun(until: turns.attention, milliseconds: Self.sliceMilliseconds)
      } catch {
        // It is over. Whoever waits with a lesson waits until that is written as well.
        await noteEarlyEnd(try await trainer.snapshot())
        throw error
      }
      changeCount += 1
      publish(slice.snapshot)
      if slice.isOver { return slice }
      try cancellation.check()
      if MonotonicClock.nanoseconds - checkpointNanoseconds > Self.runCheckpointNanoseconds { await startCheckpoint() }
      return slice
    }
  }

  /// How long a slice is at most, and so how often a model in training is published.
  private static let sliceMilliseconds = 200
  /// How long a run goes on between two checkpoints.
  private static let runCheckpointNanoseconds: UInt64 = 30_000_000_000

  private func stopRun(discards: Bool) async {
    do throws(RPCError) {
      try await inTurn { [self] () async throws(RPCError) in
        if let snapshot = try await trainer.stopRun(discards: discards) { await noteEarlyEnd(snapshot) }
      }
    } catch {
      log.error("can't end the training of the model \(name): \(error.message)")
    }
  }

  /// Writes down, in the turn in which a training ended before its time, that it did: what comes next in the journal
  /// comes after what the journal does not know.
  private func noteEarlyEnd(_ snapshot: ModelSnapshot) async {
    publish(snapshot)
    changeCount += 1
    do throws(RPCError) { try await checkpointNow() } catch { becomeReadOnly(error) }
  }

  /// Ends long training between two updates.
  func stopTraining(_ cause: Cancellation.Cause) { run?.cancellation.cancel(cause) }
}

extension Cancellation {
  fileprivate var isByClient: Bool { if case .client = cause { true } else { false } }
  fileprivate var isByStop: Bool { if case .stop = cause { true } else { false } }
}
