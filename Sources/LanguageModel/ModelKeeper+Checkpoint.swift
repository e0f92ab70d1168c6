import JSON
import Storage
import System

extension ModelKeeper {
  /// The model as it is now, with all that a checkpoint keeps beside it.
  package func image() -> ModelImage {
    var image = teacher.image()
    image.requests = requests
    image.run = run?.state
    return image
  }

  /// Begins a checkpoint of the model as it is now. Lessons may go on while another thread writes it.
  ///
  /// - Throws: `storage`.
  package func beginCheckpoint() throws(LanguageModelError) -> PendingCheckpoint {
    try returnToCheckpoint()
    let image = image()
    let writer = try storing { () throws(StorageError) in try store.beginCheckpoint(byteCount: image.byteCount) }
    let pending = PendingCheckpoint(
      image: image, writer: writer, replayNanoseconds: replayNanoseconds, runNanoseconds: runNanoseconds,
      changeCount: changeCount, checkpointBeforeRun: checkpointBeforeRun)
    (replayNanoseconds, runNanoseconds) = (0, 0)
    return pending
  }

  /// Takes note of a checkpoint that was written, or was not.
  package func finishCheckpoint(_ checkpoint: PendingCheckpoint, isWritten: Bool) {
    if isWritten {
      if let change = untoldChange, change <= checkpoint.changeCount { untoldChange = nil }
      isCheckpointInDoubt = false
      newestCheckpoint = (checkpoint.writer.number, checkpoint.changeCount)
      unsynced.removeAll { $0.changeCount <= checkpoint.changeCount }
    } else {
      isCheckpointInDoubt = isCheckpointInDoubt || checkpoint.writer.mayCount
      replayNanoseconds += checkpoint.replayNanoseconds
      runNanoseconds += checkpoint.runNanoseconds
    }
  }

  /// Why the journal takes nothing any more; nil when it does.
  package var journalFailure: LanguageModelError? { store.failure.map { LanguageModelError($0) } }

  /// Whether a replay of the journal would take longer than writing a checkpoint is worth.
  package var wantsCheckpoint: Bool {
    replayNanoseconds > replayNanosecondLimit || store.journalByteCount > journalByteLimit
  }
}

/// A checkpoint that is still to be written, on any thread.
package struct PendingCheckpoint: Sendable {
  let image: ModelImage
  let writer: CheckpointWriter
  let replayNanoseconds: UInt64
  let runNanoseconds: UInt64
  let changeCount: Int
  /// The checkpoint to which the training under way is taken back.
  let checkpointBeforeRun: Int?

  /// Writes it, and makes it count.
  ///
  /// - Throws: `storage`; then the checkpoint before counts as it did.
  package func write() throws(LanguageModelError) {
    do throws(StorageError) {
      for file in image.files { try write(file) }
      try writer.commit(
        notes: notes, linking: ModelFile.plain.map(\.rawValue), keeping: checkpointBeforeRun)
    } catch {
      writer.abandon()
      throw LanguageModelError(error)
    }
  }

  private var notes: JSONValue {
    var notes: JSONObject = ["step": JSONValue(image.step)]
    notes["before_training"] = checkpointBeforeRun.map { JSONValue($0) }
    return .object(notes)
  }

  private func write(_ file: ModelFile) throws(StorageError) {
    let target = try writer.create(file.rawValue)
    try image.write(file) { (bytes) throws(StorageError) in try target.write(Span(_bytes: bytes)) }
    try target.finish()
  }
}

extension Checkpoint {
  /// The number of the checkpoint to which the training under way is taken back.
  var checkpointBeforeRun: Int? { notes["before_training"]?.int }
}
