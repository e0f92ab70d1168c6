import Kernels
import Storage
import System

/// A model and all that keeps it: its teacher, the training under way, the requests that it remembers, and the store
/// with its journal and checkpoints.
///
/// A lesson is written to the journal before it is taught. A checkpoint and the records after it lead to the very model
/// that there was, to the bit: weights, moments, vocabulary, step and training. Not `Sendable`: one thread at a time, but
/// for the `journal`, which any thread may sync, and for checkpoints, which any thread may write.
package final class ModelKeeper {
  package let directory: ModelDirectory
  let disk: any Disk
  let team: ThreadTeam
  package internal(set) var teacher: ModelTeacher
  package internal(set) var run: TrainingRun?
  var requests = RequestMemory()
  var store: Store
  /// The last change that the journal cannot tell, as long as no checkpoint has it.
  var untoldChange: Int?
  /// About how long it takes to replay the journal's lessons, and the training that they came in between.
  var replayNanoseconds: UInt64 = 0
  /// How long the training took since the checkpoint or the last lesson in between: only a lesson makes a replay do it.
  var runNanoseconds: UInt64 = 0

  /// How long a replay may take before a checkpoint is worth while.
  package var replayNanosecondLimit = defaultReplayNanosecondLimit
  package static let defaultReplayNanosecondLimit: UInt64 = 2_000_000_000
  /// How many bytes the journal may have before a checkpoint is worth while.
  var journalByteLimit = 64 << 20
  /// Whether one that failed may count all the same.
  var isCheckpointInDoubt = false
  /// Counts what changes the model, or what the journal says of it.
  var changeCount = 0
  /// The newest checkpoint that counts, and the change up to which it has everything.
  var newestCheckpoint: (number: Int, changeCount: Int)?
  /// The checkpoint from which a training under way is taken back, in case that its beginning is not in memory.
  var checkpointBeforeRun: Int?
  /// Set while a training is still to be taken back to that checkpoint.
  var checkpointToReturnTo: Int?
  /// What was answered before it was durable, as long as it is not.
  var unsynced: [Unsynced] = []

  init(_ teacher: ModelTeacher, in directory: ModelDirectory, store: Store, disk: any Disk, team: ThreadTeam) {
    self.teacher = teacher
    self.directory = directory
    self.store = store
    self.disk = disk
    self.team = team
  }

  /// Whether the journal no longer leads to the model as it is, so that nothing may be written to it before there is
  /// another checkpoint.
  package var mustCheckpoint: Bool { untoldChange != nil }

  /// Notes a change that the journal cannot tell: only a checkpoint that is begun from now on will do.
  func requireCheckpoint() {
    changeCount += 1
    untoldChange = changeCount
  }
}

// MARK: - Lessons

extension ModelKeeper {
  /// What a request was answered with before; nil when it has no key or is new.
  ///
  /// - Throws: `invalidSetting` when its key belongs to another request.
  package func answer(to request: LessonRequest) throws(LanguageModelError) -> LessonReport? {
    guard let key = request.requestKey else { return nil }
    return try requests.answer(to: key)
  }

  /// The number of the journal's last record.
  package var lastSequence: UInt64 { store.nextSequence - 1 }

  /// Writes a lesson to the journal.
  ///
  /// - Parameter isNext: whether it is taught before any other is: then the record says at which step.
  /// - Returns: the record's number.
  /// - Throws: `storage`; then it isn't there. `limitExceeded` for one that is too large.
  package func record(
    _ request: LessonRequest, isNext: Bool, durability: Durability
  ) throws(LanguageModelError) -> UInt64 {
    try append(.lesson(lessonRecord(request, isNext: isNext)), durability: durability)
  }

  private func lessonRecord(_ request: LessonRequest, isNext: Bool) -> LessonRecord {
    LessonRecord(
      lesson: request.lesson, key: request.requestKey, step: isNext ? teacher.step : nil, runUpdate: run?.update)
  }

  /// Checks a lesson whose turn it is.
  ///
  /// - Throws: `stepMismatch`, and what is wrong with the lesson; then nothing has changed.
  package func prepare(_ request: LessonRequest) throws(LanguageModelError) -> PreparedLesson {
    if let expected = request.expectedStep, expected != teacher.step {
      throw .stepMismatch(found: teacher.step, expected: expected)
    }
    return try teacher.prepare(request.lesson)
  }

  /// Teaches a lesson that is in the journal.
  ///
  /// - Parameter sequence: the number of its record.
  /// - Throws: as `ModelTeacher.teach`; then nothing has changed. One that was cancelled must be undone in the journal.
  package func teach(
    _ lesson: PreparedLesson, of request: LessonRequest, recordedAs sequence: UInt64, durability: Durability,
    isCancelled: () -> Bool = { false }
  ) throws(LanguageModelError) -> LessonReport {
    let start = MonotonicClock.nanoseconds
    let record = lessonRecord(request, isNext: true)
    defer {
      replayNanoseconds += MonotonicClock.nanoseconds - start + runNanoseconds
      runNanoseconds = 0
    }
    let report = try teacher.teach(lesson, isCancelled: isCancelled)
    changeCount += 1
    keepRun()
    if let key = request.requestKey { requests.remember(report, for: key) }
    if durability != .fsync { remember(.lesson(record), recordedAs: sequence) }
    return report
  }

  /// Notes that a lesson in the journal was not taught, as it was cancelled.
  ///
  /// - Returns: the note's number.
  /// - Throws: `storage`; then only another checkpoint keeps the lesson from being taught by a replay.
  package func undo(_ sequence: UInt64, durability: Durability) throws(LanguageModelError) -> UInt64 {
    changeCount += 1
    do {
      let note = try append(.undone(sequence), durability: durability)
      // Its lesson may be durable without it, and is not to be taught when the note is lost.
      remember(.undone(sequence), recordedAs: note)
      return note
    } catch {
      requireCheckpoint()
      throw error
    }
  }

  private func remember(_ entry: JournalEntry, recordedAs sequence: UInt64) {
    unsynced.removeAll { $0.sequence <= store.durableSequence }
    unsynced.append(Unsynced(sequence: sequence, entry: entry, changeCount: changeCount))
  }

  /// Writes something that means nothing, to see whether the journal takes it.
  package func probe() throws(LanguageModelError) -> UInt64 { try append(.probe, durability: .os) }

  /// Makes the whole journal durable, before the model leaves memory.
  package func close() throws(LanguageModelError) {
    try storing { () throws(StorageError) in try store.close() }
  }

  private func append(_ record: JournalEntry, durability: Durability) throws(LanguageModelError) -> UInt64 {
    let bytes = record.encoded()
    return try storing { () throws(StorageError) in
      durability == .memory ? try store.buffer(bytes) : try store.append(bytes)
    }
  }

  /// Any thread's way to make durable what was appended.
  package var journal: Journal { Journal(store: store) }
}

/// A record that was answered before it was durable, or that may be lost though what it takes back is durable.
struct Unsynced {
  let sequence: UInt64
  let entry: JournalEntry
  /// The keeper's, with what the record says.
  let changeCount: Int
}

/// A model's journal, to be synced on any thread.
package struct Journal: Sendable {
  let store: Store

  /// The number of the last record that is known to be durable.
  package var durableSequence: UInt64 { store.durableSequence }

  /// Makes all that was appended before durable.
  ///
  /// - Returns: the number of the last record that is.
  package func synchronize() throws(LanguageModelError) -> UInt64 {
    try storing { () throws(StorageError) in try store.synchronize() }
  }
}

/// Does something with a store, and puts its errors in this module's words.
func storing<Value>(_ body: () throws(StorageError) -> Value) throws(LanguageModelError) -> Value {
  do { return try body() } catch { throw LanguageModelError(error) }
}

extension LanguageModelError {
  init(_ error: StorageError) {
    switch error {
    case .system(let error): self = .storage(error)
    case .corrupt(let file, let offset, let what): self = .damaged(file: file, offset: offset, what: what)
    case .recordTooLarge(let count, let limit):
      self = .limitExceeded(what: "bytes in one lesson", found: count, limit: limit)
    case .noSpace:
      self = .storage(.call(operation: "write a checkpoint", errno: SystemError.noSpaceNumber, path: nil))
    case .exists, .nothingWhole: self = .storage(.notReady(message: "\(error)"))
    }
  }
}
