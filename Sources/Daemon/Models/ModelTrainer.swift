import Kernels
import LanguageModel
import RPC
import Storage
import System
import Tokenizers

/// A model's own thread: owns what is taught, and does one thing after the other.
///
/// What it returns from a lesson or a slice is an immutable snapshot; the loop publishes that before it answers anyone.
/// The thread steps back behind the loop's, so that predictions come first on a busy machine.
actor ModelTrainer {
  private let name: String
  private let directory: ModelDirectory
  private let disk: any Disk
  private let replayNanosecondLimit: UInt64
  private let executor: ThreadExecutor
  private var keeper: ModelKeeper?

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  /// How far the thread steps back.
  private static let nice = 5

  init(name: String, directory: ModelDirectory, settings: Model.Settings) {
    self.name = name
    self.directory = directory
    disk = settings.disk
    replayNanosecondLimit = UInt64(clamping: settings.replayMilliseconds) &* 1_000_000
    executor = ThreadExecutor(name: "rnnd.\(name)", nice: Self.nice)
  }

  /// What opening may use.
  struct Allowance: Sendable {
    /// Bytes of the texts that a vocabulary is built from.
    var fileByteCount: Int
    /// Bytes of memory for the model.
    var memoryByteCount: Int
    /// Threads that training computes with.
    var threadCount: Int
  }

  /// A model that was opened.
  struct Opened: Sendable {
    let snapshot: ModelSnapshot
    let journal: Journal
    let recovery: RecoveryReport
  }

  /// Makes or loads the model; a new one is on the disk before it counts.
  func open(_ source: ModelSource, within allowance: Allowance, isCancelled: Flag) throws(RPCError) -> Opened {
    if source.isNew {
      guard !directory.holdsModel else { throw .modelExists(name) }
    } else {
      guard directory.holdsModel else { throw .modelNotFound(name, among: []) }
    }
    let team = ThreadTeam(threadCount: allowance.threadCount, niceness: Int32(Self.nice))
    if case .directory = source {
      let (keeper, recovery) = try modelErrors { () throws(LanguageModelError) in
        try ModelKeeper.open(
          directory, on: disk, memoryByteLimit: allowance.memoryByteCount,
          replayNanosecondLimit: replayNanosecondLimit, team: team)
      }
      try check(keeper.teacher.snapshot(), isCancelled, allowance)
      self.keeper = keeper
      return Opened(snapshot: keeper.teacher.snapshot(), journal: keeper.journal, recovery: recovery)
    }
    let teacher = try makeTeacher(source, team: team, within: allowance)
    try check(teacher.snapshot(), isCancelled, allowance)
    let keeper = try create(teacher, team: team)
    keeper.replayNanosecondLimit = replayNanosecondLimit
    self.keeper = keeper
    return Opened(snapshot: teacher.snapshot(), journal: keeper.journal, recovery: RecoveryReport())
  }

  private func check(_ snapshot: ModelSnapshot, _ isCancelled: Flag, _ allowance: Allowance) throws(RPCError) {
    try modelErrors { () throws(LanguageModelError) in
      try snapshot.configuration.checkMemory(limit: allowance.memoryByteCount)
    }
    guard !isCancelled.isRaised else { throw .cancelled() }
  }

  private func makeTeacher(
    _ source: ModelSource, team: ThreadTeam, within allowance: Allowance
  ) throws(RPCError) -> ModelTeacher {
    switch source {
    case .directory: throw .internalError("the model lies in its directory already")
    case .imported(let path):
      return try modelErrors { () throws(LanguageModelError) in
        try ModelKeeper.read(
          ModelDirectory(path: path), on: disk, memoryByteLimit: allowance.memoryByteCount, team: team)
      }
    case .copied(let image):
      return try modelErrors { () throws(LanguageModelError) in
        try image.configuration.checkMemory(limit: allowance.memoryByteCount)
        return try ModelTeacher(image, team: team)
      }
    case .new(let settings, let texts):
      let bytes = try texts.read(byteLimit: allowance.fileByteCount)
      return try modelErrors(texts) { () throws(LanguageModelError) in
        try ModelTeacher(settings, texts: bytes, memoryByteLimit: allowance.memoryByteCount, team: team)
      }
    }
  }

  /// Puts a new model on the disk; what can't be kept leaves nothing behind.
  private func create(_ teacher: ModelTeacher, team: ThreadTeam) throws(RPCError) -> ModelKeeper {
    do throws(RPCError) {
      return try modelErrors { () throws(LanguageModelError) in
        try ModelKeeper.create(teacher, in: directory, on: disk, team: team)
      }
    } catch {
      if !directory.holdsModel { try? FileSystem.removeTree(directory.path) }
      throw error
    }
  }

  /// Removes the model's directory: out of sight at once, then for good.
  func removeDirectory() throws(RPCError) {
    let discarded = directory.path + ModelRegistry.discardedSuffix
    do throws(SystemError) {
      try FileSystem.removeTree(discarded)
      try FileSystem.rename(directory.path, to: discarded)
      try FileSystem.removeTree(discarded)
    } catch {
      guard FileSystem.exists(directory.path) else { return }
      throw RPCError(error)
    }
  }

  private func open() throws(RPCError) -> ModelKeeper {
    guard let keeper else { throw .internalError("the model is not open") }
    return keeper
  }

  private func modelErrors<Value>(
    _ source: TextSource? = nil, input: String = "text", _ body: () throws(LanguageModelError) -> Value
  ) throws(RPCError) -> Value {
    do throws(LanguageModelError) { return try body() } catch {
      throw RPCError(error, input: input, source: source)
    }
  }
}

// MARK: - Lessons

extension ModelTrainer {
  /// The model as it is.
  func snapshot() throws(RPCError) -> ModelSnapshot { try open().teacher.snapshot() }
}

extension ModelTrainer {
  /// Brings lessons that wait together to the journal, before the first of them is taught.
  ///
  /// - Returns: the numbers of their records, for as many as went well: the others are recorded when their turn comes.
  func record(_ lessons: [LessonTicket]) -> [UInt64] {
    var sequences: [UInt64] = []
    guard let keeper, !keeper.mustCheckpoint else { return [] }
    var keys: Set<String> = []
    for lesson in lessons {
      // A request that may repeat one before it is looked at when that has been answered.
      if let key = lesson.request.key, !keys.insert(key).inserted { break }
      guard case .success(nil) = knownAnswer(to: lesson.request, keeper),
        let sequence = try? keeper.record(lesson.request, isNext: false, durability: lesson.durability)
      else { break }
      sequences.append(sequence)
    }
    return sequences
  }

  /// Teaches a lesson whole or not at all.
  ///
  /// - Parameters:
  ///   - recorded: where it stands in the journal, if it does already.
  ///   - publishes: whether a snapshot is wanted of what was learned.
  ///   - syncer: asked to sync the journal while the lesson is computed, if the lesson is to be that durable.
  func teach(
    _ lesson: LessonTicket, recordedAs recorded: UInt64?, publishes: Bool, syncer: JournalSyncer
  ) throws(RPCError) -> LessonOutcome {
    let keeper = try open()
    switch knownAnswer(to: lesson.request, keeper) {
    case .failure(let error): return LessonOutcome(result: .failure(error), sequence: recorded)
    case .success(let report?):
      // The first request may have asked for less.
      if lesson.durability == .fsync { syncer.request(through: keeper.lastSequence) }
      return LessonOutcome(result: .success(report), isRepeated: true, sequence: keeper.lastSequence)
    case .success(nil): break
    }
    var sequence = recorded
    do throws(LanguageModelError) {
      let prepared = try keeper.prepare(lesson.request)
      if let error = Self.refusal(of: prepared, lesson, keeper) {
        // In the journal it would be taught once there is more memory: it is taken back as if it were cancelled.
        return undo(sequence, of: lesson, answeredBy: error, keeper, syncer)
      }
      let place: UInt64
      if let recorded {
        place = recorded
      } else {
        place = try keeper.record(lesson.request, isNext: true, durability: lesson.durability)
        sequence = place
        if lesson.durability == .fsync { syncer.request(through: place) }
      }
      let report = try keeper.teach(prepared, of: lesson.request, recordedAs: place, durability: lesson.durability) {
        lesson.isCancelled.isRaised
      }
      return LessonOutcome(
        result: .success(report), sequence: sequence, snapshot: publishes ? keeper.teacher.snapshot() : nil,
        wantsCheckpoint: keeper.wantsCheckpoint)
    } catch .cancelled {
      return undo(sequence, of: lesson, answeredBy: .cancelled(), keeper, syncer)
    } catch {
      var outcome = LessonOutcome(result: .failure(RPCError(error, input: lesson.input)), sequence: sequence)
      if case .storage = error { outcome.isStorageFailing = true }
      return outcome
    }
  }

  /// Why a lesson adds more words than there is memory for; nil when it doesn't.
  private static func refusal(of prepared: PreparedLesson, _ lesson: LessonTicket, _ keeper: ModelKeeper) -> RPCError? {
    do throws(LanguageModelError) {
      try keeper.teacher.configuration.checkMemory(
        ofVocabulary: prepared.vocabularySize, limit: lesson.memoryByteLimit)
      return nil
    } catch {
      return RPCError(error)
    }
  }

  /// Does what the next lesson would begin with, once the snapshot before the last is out of use.
  func prepareForLesson() { keeper?.teacher.prepareForLesson() }

  /// Gives back what only teaching needs, as no lesson has come for a while.
  func rest() {
    keeper?.rest()
    ResourceUsage.giveBackFreedMemory()
  }

  private func undo(
    _ recorded: UInt64?, of lesson: LessonTicket, answeredBy error: RPCError, _ keeper: ModelKeeper,
    _ syncer: JournalSyncer
  ) -> LessonOutcome {
    guard let recorded else { return LessonOutcome(result: .failure(error)) }
    do throws(LanguageModelError) {
      let sequence = try keeper.undo(recorded, durability: lesson.durability)
      if lesson.durability == .fsync { syncer.request(through: sequence) }
      return LessonOutcome(result: .failure(error), sequence: sequence)
    } catch {
      return LessonOutcome(result: .failure(RPCError(error)), sequence: recorded, isStorageFailing: true)
    }
  }

  /// What the same request was answered with before; nil when it has no key or is new.
  func answer(to request: LessonRequest) throws(RPCError) -> LessonReport? {
    try knownAnswer(to: request, try open()).get()
  }

  private func knownAnswer(
    to request: LessonRequest, _ keeper: ModelKeeper
  ) -> Result<LessonReport?, RPCError> {
    do throws(LanguageModelError) { return .success(try keeper.answer(to: request)) } catch {
      return .failure(RPCError(error))
    }
  }
}

// MARK: - Keeping

extension ModelTrainer {
  /// The model as it is now, for another thread to write.
  func image() throws(RPCError) -> ModelImage { try open().image() }

  /// Begins a checkpoint of the model as it is now; the caller has it written on another thread.
  func beginCheckpoint() throws(RPCError) -> PendingCheckpoint {
    let keeper = try open()
    return try modelErrors { () throws(LanguageModelError) in try keeper.beginCheckpoint() }
  }

  func finishCheckpoint(_ checkpoint: PendingCheckpoint, isWritten: Bool) throws(RPCError) {
    try open().finishCheckpoint(checkpoint, isWritten: isWritten)
  }

  /// Goes back to what is durable, after a sync that failed.
  func setBack() throws(RPCError) -> ModelSnapshot {
    let keeper = try open()
    try modelErrors { () throws(LanguageModelError) in try keeper.setBack() }
    return keeper.teacher.snapshot()
  }

  /// Sees whether the journal takes something again.
  ///
  /// - Returns: the number of what was written; nil when only a checkpoint can tell.
  func probe() throws(RPCError) -> UInt64? {
    let keeper = try open()
    return try modelErrors { () throws(LanguageModelError) in
      try keeper.heal()
      return keeper.mustCheckpoint ? nil : try keeper.probe()
    }
  }

  /// The journal as it is after it was made writable again, and how far it is durable.
  func journal() throws(RPCError) -> (Journal, durableSequence: UInt64) {
    let journal = try open().journal
    return (journal, journal.durableSequence)
  }

  /// Makes the whole journal durable, before the model leaves memory.
  ///
  /// - Returns: whether it leads, from the last checkpoint on, to the model as it is.
  func close() throws(RPCError) -> Bool {
    let keeper = try open()
    try modelErrors { () throws(LanguageModelError) in try keeper.close() }
    return !keeper.mustCheckpoint
  }

  /// Whether the journal takes nothing any more.
  var isJournalFailing: Bool { keeper?.journalFailure != nil }
}

// MARK: - Long training

extension ModelTrainer {
  /// Whether the newest checkpoint has the model as it is.
  var isAtCheckpoint: Bool { keeper?.isAtCheckpoint ?? false }

  /// Reads the texts and gets ready to train on them.
  func beginRun(_ plan: TrainingPlan, fileByteLimit: Int, memoryByteLimit: Int) throws(RPCError) {
    let keeper = try open()
    let texts = try plan.texts.read(byteLimit: fileByteLimit)
    var validation: [UInt8]?
    if let path = plan.validationPath {
      validation = try TextFile.read(path, parameter: "validation", byteLimit: fileByteLimit)
    }
    try modelErrors(plan.texts, input: plan.texts.parameter) { () throws(LanguageModelError) in
      try keeper.beginRun(
        texts: texts, validation: validation, settings: plan.settings, memoryByteLimit: memoryByteLimit)
    }
  }

  /// Where a run stands after a slice of it.
  struct Slice: Sendable {
    /// As of the slice's last update; nil of a slice without any.
    let progress: TrainingProgress?
    let isOver: Bool
    let summary: TrainingSummary
    let snapshot: ModelSnapshot
  }

  /// Trains on until something else wants the thread, or some time has passed.
  func continueRun(until attention: Flag, milliseconds: Int) throws(RPCError) -> Slice {
    let keeper = try open()
    guard let run = keeper.run else { throw .internalError("no training is under way") }
    let deadline = Deadline(afterMilliseconds: milliseconds)
    do throws(LanguageModelError) {
      var (progress, isOver) = (TrainingProgress?.none, false)
      repeat {
        let next = try keeper.continueRun()
        progress = next ?? progress
        isOver = next == nil
      } while !isOver && !attention.isRaised && !deadline.hasPassed
      let summary = run.summary
      if isOver { keeper.finishRun() }
      return Slice(progress: progress, isOver: isOver, summary: summary, snapshot: keeper.teacher.snapshot())
    } catch {
      throw RPCError(error)
    }
  }

  /// Takes back a run that could not be written down at its beginning.
  ///
  /// - Returns: the model as before, and whether only another checkpoint lets it be taught again.
  func takeBackRun() throws(RPCError) -> (snapshot: ModelSnapshot, mustCheckpoint: Bool) {
    let keeper = try open()
    keeper.takeBackRun()
    return (keeper.teacher.snapshot(), keeper.mustCheckpoint)
  }

  /// Ends a run before its time.
  ///
  /// - Parameter discards: whether what it has taught is taken back.
  /// - Returns: nil when none is under way.
  func stopRun(discards: Bool) throws(RPCError) -> ModelSnapshot? {
    let keeper = try open()
    guard keeper.run != nil else { return nil }
    keeper.stopRun(discards: discards)
    return keeper.teacher.snapshot()
  }
}

/// What `train` is to do.
struct TrainingPlan: Sendable {
  var texts: TextSource
  var validationPath: String?
  var settings: TrainingSettings
}
