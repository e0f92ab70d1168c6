import Storage
import System

// A training that is cancelled or fails is taken back to its beginning, or to the last lesson in between. The run holds
// that state in memory; of one that was resumed after a crash it is on the disk: the checkpoint from which its beginning,
// or the last lesson, is reached by replaying the journal. That checkpoint is kept until the training is over.

extension ModelKeeper {
  /// Whether the newest checkpoint has the model as it is.
  package var isAtCheckpoint: Bool { newestCheckpoint?.changeCount == changeCount }

  /// Gets ready to train on texts; their words join an open vocabulary.
  ///
  /// The journal does not know of it: a checkpoint must follow before anything else is taught. Only after `isAtCheckpoint`
  /// can another process take the training back.
  ///
  /// - Parameter memoryByteLimit: how much memory the model may take with those words.
  /// - Throws: as `TrainingRun.init`; then nothing has changed.
  package func beginRun(
    texts: [[UInt8]], validation: [UInt8]?, settings: TrainingSettings, memoryByteLimit: Int = .max
  ) throws(LanguageModelError) {
    run = try TrainingRun(
      teacher, texts: texts, validation: validation, settings: settings, memoryByteLimit: memoryByteLimit)
    checkpointBeforeRun = isAtCheckpoint ? newestCheckpoint?.number : nil
    requireCheckpoint()
  }

  /// Takes back a training that could not be written down at its beginning: the journal leads to the model again, unless
  /// nobody knows whether the checkpoint counts.
  package func takeBackRun() {
    run?.discard()
    finishRun()
    untoldChange = nil
    if isCheckpointInDoubt { requireCheckpoint() }
  }

  /// Does one update of the training under way, or a slice of its validation.
  ///
  /// - Returns: where it stands, or nil when it was over already.
  /// - Throws: `diverged`; then everything since its beginning, or the last lesson, is taken back, and it is over. If the
  ///   disk refuses that for now it is done before the next checkpoint.
  package func continueRun() throws(LanguageModelError) -> TrainingProgress? {
    let start = MonotonicClock.nanoseconds
    defer { runNanoseconds += MonotonicClock.nanoseconds - start }
    changeCount += 1
    do { return try run?.next() } catch {
      endRun(discards: true)
      throw error
    }
  }

  /// Forgets a training that is over. Its updates are those that a replay does from the last checkpoint on.
  package func finishRun() {
    run = nil
    checkpointBeforeRun = nil
    teacher.releaseWorkspace()
  }

  /// Gives back what only teaching needs, until something is taught again; nothing happens while a training is under way.
  package func rest() {
    if run == nil { teacher.releaseWorkspace() }
  }

  /// Ends a training before its time. The journal does not know of it: a checkpoint must follow.
  ///
  /// - Parameter discards: whether what it has taught is taken back, as far as no lesson came after.
  package func stopRun(discards: Bool) {
    guard run != nil else { return }
    endRun(discards: discards)
  }

  private func endRun(discards: Bool) {
    if discards, let run {
      run.discard()
      checkpointToReturnTo = run.knowsBefore ? nil : checkpointBeforeRun
    }
    finishRun()
    requireCheckpoint()
    try? returnToCheckpoint()
  }

  /// Keeps what was learned so far, whatever becomes of the training that a lesson came in between.
  func keepRun() {
    guard let run else { return }
    run.keep()
    // The lesson's record comes after it.
    checkpointBeforeRun = newestCheckpoint?.number
  }

  /// Takes back a training that is over, if that is still to be done.
  ///
  /// - Throws: as `open`; then the model is as before.
  func returnToCheckpoint() throws(LanguageModelError) {
    guard let number = checkpointToReturnTo else { return }
    let recovery = try storing { () throws(StorageError) in try store.recovery(from: number) }
    let recovered = try RecoveredModel(recovery, in: directory, on: disk, team: team, takingBack: true)
    checkpointToReturnTo = nil
    teacher = recovered.teacher
    requests = recovered.requests
  }
}
