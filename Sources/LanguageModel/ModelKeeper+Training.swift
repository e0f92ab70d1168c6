import System

extension ModelKeeper {
  /// Gets ready to train on texts; their words join an open vocabulary.
  ///
  /// The journal does not know of it: a checkpoint must follow before anything else is taught.
  ///
  /// - Parameter memoryByteLimit: how much memory the model may take with those words.
  /// - Throws: as `TrainingRun.init`; then nothing has changed.
  package func beginRun(
    texts: [[UInt8]], validation: [UInt8]?, settings: TrainingSettings, memoryByteLimit: Int = .max
  ) throws(LanguageModelError) {
    run = try TrainingRun(
      teacher, texts: texts, validation: validation, settings: settings, memoryByteLimit: memoryByteLimit)
    mustCheckpoint = true
  }

  /// Takes back a training that could not be written down at its beginning: the journal leads to the model again, unless
  /// nobody knows whether the checkpoint counts.
  package func takeBackRun() {
    run?.discard()
    finishRun()
    mustCheckpoint = isCheckpointInDoubt
  }

  /// Does one update of the training under way, or a slice of its validation.
  ///
  /// - Returns: where it stands, or nil when it was over already.
  /// - Throws: `diverged`; then everything since its beginning, or the last lesson, is taken back, and it is over.
  package func continueRun() throws(LanguageModelError) -> TrainingProgress? {
    let start = MonotonicClock.nanoseconds
    defer { runNanoseconds += MonotonicClock.nanoseconds - start }
    do { return try run?.next() } catch {
      finishRun()
      mustCheckpoint = true
      throw error
    }
  }

  /// Forgets a training that is over. Its updates are those that a replay does from the last checkpoint on.
  package func finishRun() {
    run = nil
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
    guard let run else { return }
    if discards { run.discard() }
    finishRun()
    mustCheckpoint = true
  }
}
