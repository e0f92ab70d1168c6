import JSON
import LanguageModel
import RPC
import System

// How what was taught is kept: the journal's syncs, checkpoints, and what happens when the disk refuses them.

extension Model {
  /// Takes over what the trainer opened.
  func begin(_ opened: ModelTrainer.Opened) {
    publish(opened.snapshot)
    followJournal(opened.journal, from: opened.recovery.lastSequence)
    let recovery = opened.recovery
    if recovery.lessonCount > 0 || recovery.cutByteCount > 0 {
      log.info(
        "replayed \(recovery.lessonCount) lessons of the model \(name) in "
          + "\(recovery.replayNanoseconds / 1_000_000) ms")
      changeCount += recovery.lessonCount
    }
    if recovery.cutByteCount > 0 {
      log.warning(
        "cut \(recovery.cutByteCount) bytes of an unfinished record off the journal of the model \(name): it was not "
          + "acknowledged")
    }
    if let error = recovery.failure { becomeReadOnly(RPCError(error)) }
    if recovery.hasUnfinishedRun { resumeTraining() }
    // A crash soon after this one is not to cost the same replay again.
    if recovery.wantsCheckpoint { checkpointSoon() }
  }

  private func followJournal(_ journal: Journal, from sequence: UInt64) {
    let watch = DurabilityWatch(sequence: sequence)
    let syncer = JournalSyncer(journal) { [weak self, watch] outcome in
      watch.note(outcome.mapError { RPCError($0) })
      if let error = watch.failure { self?.syncFailed(error, of: watch) }
    }
    syncing = (syncer, watch)
  }

  /// How the loop writes the journal's latest records for those who did not wait for that.
  func flushSoon(through sequence: UInt64) {
    flushableSequence = sequence
    guard !willFlush else { return }
    willFlush = true
    _ = EventLoop.after(milliseconds: settings.flushMilliseconds) { [weak self] in
      guard let self else { return }
      willFlush = false
      syncing?.syncer.request(through: flushableSequence)
    }
  }
}

// MARK: - Failing and healing

extension Model {
  /// Refuses what would change the model while it is read-only.
  func checkWritable() throws(RPCError) {
    if let failure { throw readOnlyError(failure) }
  }

  func readOnlyError(_ cause: RPCError) -> RPCError {
    guard cause.code == .storage else { return cause }
    return .storage(
      "\(cause.message); nothing was changed", errno: Int32(clamping: cause.data["errno"]?.int ?? 0),
      hint: "the model is read-only, and predictions go on, until the disk takes what is written: that is tried again "
        + "by itself")
  }

  func becomeReadOnly(_ error: RPCError) {
    if failure == nil { log.error("the model \(name) is read-only: \(error.message)") }
    failure = error
    guard !willHeal else { return }
    willHeal = true
    _ = EventLoop.after(milliseconds: settings.retryMilliseconds) { [weak self] in
      EventLoop.later {
        self?.willHeal = false
        await self?.heal()
      }
    }
  }

  /// Sees whether the disk takes again what is written.
  private func heal() async {
    do throws(RPCError) { try await inTurn { [self] () async throws(RPCError) in try await healNow() } } catch {
      if closed.outcome == nil { becomeReadOnly(error) }
    }
  }

  private func healNow() async throws(RPCError) {
    guard failure != nil else { return }
    if hasUnsettledLesson { try await restoreDurable() }
    let sequence = try await trainer.probe()
    if let sequence, let syncing, syncing.watch.failure == nil {
      syncing.syncer.request(through: sequence)
      try await syncing.watch.wait(for: sequence)
    } else {
      let (journal, sequence) = try await trainer.journal()
      followJournal(journal, from: sequence)
      try await checkpointNow()
    }
    failure = nil
    log.info("the model \(name) can be taught again")
  }

  /// Takes back what was computed but could not be made durable; the model is read-only already.
  func setBack() async {
    for lesson in turns.lessons {
      lesson.sequence = nil
      lesson.isRecorded = false
    }
    hasUnsettledLesson = true
    do throws(RPCError) { try await restoreDurable() } catch {
      log.error("can't restore the model \(name) yet: \(error.message)")
    }
  }

  private func restoreDurable() async throws(RPCError) {
    await untilCheckpointIsWritten()
    let restored = try await trainer.setBack()
    hasUnsettledLesson = false
    publish(restored)
  }

  /// A sync failed for which no lesson may be waiting: then what is in memory is acknowledged, and stays.
  private func syncFailed(_ error: RPCError, of watch: DurabilityWatch) {
    guard syncing?.watch === watch else { return }
    becomeReadOnly(error)
  }
}

// MARK: - Checkpoints

extension Model {
  /// Has a checkpoint begun in a turn of its own, so that nobody's answer waits for it.
  func checkpointSoon() {
    guard checkpoint == nil, !willCheckpoint else { return }
    willCheckpoint = true
    EventLoop.later { [self] in
      try? await inTurn { [self] () async throws(RPCError) in await startCheckpoint() }
      willCheckpoint = false
    }
  }

  /// Begins a checkpoint, in a turn, and has it written while turns go on.
  func startCheckpoint() async {
    guard checkpoint == nil, failure == nil else { return }
    do throws(RPCError) { _ = try await beginCheckpoint() } catch {
      log.error("can't begin a checkpoint of the model \(name): \(error.message)")
    }
  }

  /// Writes a checkpoint, in a turn that lasts until it counts.
  func checkpointNow() async throws(RPCError) {
    await untilCheckpointIsWritten()
    try await beginCheckpoint().value()
  }

  func untilCheckpointIsWritten() async {
    while let checkpoint { _ = try? await checkpoint.value() }
  }

  /// In a turn: lessons that were recorded together have all been taught before it, so that none is left out.
  private func beginCheckpoint() async throws(RPCError) -> Deferred<Void> {
    let written = Deferred<Void>()
    checkpoint = written
    let count = changeCount
    let pending: PendingCheckpoint
    do throws(RPCError) { pending = try await trainer.beginCheckpoint() } catch {
      // It begins with a sync of the journal, which may have been what failed.
      if await trainer.isJournalFailing { becomeReadOnly(error) }
      endCheckpoint(written, .failure(error))
      throw error
    }
    checkpointNanoseconds = MonotonicClock.nanoseconds
    EventLoop.later { [self] in
      var outcome: Result<Void, RPCError> = .success(())
      do throws(RPCError) { try await write(pending) } catch { outcome = .failure(error) }
      let isWritten = if case .success = outcome { true } else { false }
      try? await trainer.finishCheckpoint(pending, isWritten: isWritten)
      if isWritten { savedChangeCount = max(savedChangeCount, count) }
      endCheckpoint(written, outcome)
    }
    return written
  }

  private func endCheckpoint(_ written: Deferred<Void>, _ outcome: Result<Void, RPCError>) {
    checkpoint = nil
    switch outcome {
    case .success: lastCheckpointError = nil
    case .failure(let error):
      lastCheckpointError = error
      log.error("can't write a checkpoint of the model \(name): \(error.message)")
    }
    written.complete(outcome)
  }

  /// Has all that was learned put into a checkpoint, if something was since the last one.
  func save(unless cancellation: Cancellation? = nil) async throws(RPCError) {
    let written = try await inTurn(unless: cancellation) { [self] () async throws(RPCError) -> Deferred<Void>? in
      try await healNow()
      await untilCheckpointIsWritten()
      guard isDirty else { return nil }
      return try await beginCheckpoint()
    }
    try await written?.value()
  }

  /// Has the journal synced to its end, as the model leaves memory.
  ///
  /// - Returns: whether all that was acknowledged is in it or in a checkpoint.
  @discardableResult
  func closeJournal() async -> Bool {
    let isKept = try? await inTurn { [self] () async throws(RPCError) in try await trainer.close() }
    return isKept ?? false
  }
}
