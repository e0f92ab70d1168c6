import Kernels
import LanguageModel
import RPC
import System

/// A model's own thread: owns what is taught, and does one thing after the other.
///
/// What it returns from a lesson or a slice is an immutable snapshot; the loop publishes that before it answers anyone.
/// The thread steps back behind the loop's, so that predictions come first on a busy machine.
actor ModelTrainer {
  private let name: String
  private let directory: ModelDirectory
  private let executor: ThreadExecutor
  private var teacher: ModelTeacher?
  private var run: TrainingRun?

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  /// How far the thread steps back.
  private static let nice = 5

  init(name: String, directory: ModelDirectory) {
    self.name = name
    self.directory = directory
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

  /// Makes or loads the model; a new one is saved before it counts.
  func open(
    _ source: ModelSource, within allowance: Allowance, isCancelled: Flag
  ) throws(RPCError) -> ModelSnapshot {
    if source.isNew {
      guard !directory.holdsModel else { throw .modelExists(name) }
    } else {
      guard directory.holdsModel else { throw .modelNotFound(name, among: []) }
    }
    let teacher = try makeTeacher(source, within: allowance)
    let snapshot = teacher.snapshot()
    let memory = snapshot.memoryByteCount
    guard memory <= allowance.memoryByteCount else {
      throw .limitExceeded(
        "modelBytes", limit: allowance.memoryByteCount, found: memory,
        message: "found a model of \(memory) bytes in memory, expected at most the \(allowance.memoryByteCount) left",
        hint: "unload-model another one first")
    }
    guard !isCancelled.isRaised else { throw .cancelled() }
    if source.isNew { try save(teacher) }
    self.teacher = teacher
    return snapshot
  }

  private func makeTeacher(_ source: ModelSource, within allowance: Allowance) throws(RPCError) -> ModelTeacher {
    switch source {
    case .directory:
      return try modelErrors { () throws(LanguageModelError) in try directory.load(team: Self.team(allowance)) }
    case .imported(let path):
      return try modelErrors { () throws(LanguageModelError) in
        try ModelDirectory(path: path).load(team: Self.team(allowance))
      }
    case .new(let settings, let texts):
      let bytes = try texts.read(byteLimit: allowance.fileByteCount)
      return try modelErrors(texts) { () throws(LanguageModelError) in
        try ModelTeacher(settings, texts: bytes, team: Self.team(allowance))
      }
    }
  }

  /// The threads that training computes with; the helpers step back as far as this one does.
  private static func team(_ allowance: Allowance) -> ThreadTeam {
    ThreadTeam(threadCount: allowance.threadCount, niceness: Int32(nice))
  }

  /// Saves what is new; what can't be saved leaves nothing behind.
  private func save(_ teacher: ModelTeacher) throws(RPCError) {
    do throws(RPCError) {
      try modelErrors { () throws(LanguageModelError) in try directory.save(teacher) }
    } catch {
      if !directory.holdsModel { try? FileSystem.removeTree(directory.path) }
      throw error
    }
  }

  /// Teaches a lesson whole or not at all.
  ///
  /// - Parameters:
  ///   - input: what the params call the lesson's text.
  ///   - publishes: whether a snapshot is wanted of what was learned.
  func teach(
    _ lesson: Lesson, input: String, publishes: Bool, isCancelled: Flag
  ) throws(RPCError) -> (report: LessonReport, snapshot: ModelSnapshot?) {
    let teacher = try open()
    let report = try modelErrors(input: input) { () throws(LanguageModelError) in
      try teacher.teach(lesson) { isCancelled.isRaised }
    }
    // A lesson is kept whatever becomes of the training that it came in between.
    run?.keep()
    return (report, publishes ? teacher.snapshot() : nil)
  }

  /// The model as it is now.
  func snapshot() throws(RPCError) -> ModelSnapshot { try open().snapshot() }

  /// Writes the model into a directory.
  func save(to directory: ModelDirectory) throws(RPCError) {
    let teacher = try open()
    try modelErrors { () throws(LanguageModelError) in try directory.save(teacher) }
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

  private func open() throws(RPCError) -> ModelTeacher {
    guard let teacher else { throw .internalError("the model is not open") }
    return teacher
  }

  private func modelErrors<Value>(
    _ source: TextSource? = nil, input: String = "text", _ body: () throws(LanguageModelError) -> Value
  ) throws(RPCError) -> Value {
    do throws(LanguageModelError) { return try body() } catch {
      throw RPCError(error, input: input, source: source)
    }
  }
}

// MARK: - Long training

extension ModelTrainer {
  /// Reads the texts and gets ready to train on them.
  func beginRun(_ plan: TrainingPlan, fileByteLimit: Int) throws(RPCError) {
    let teacher = try open()
    let texts = try plan.texts.read(byteLimit: fileByteLimit)
    var validation: [UInt8]?
    if let path = plan.validationPath {
      validation = try TextFile.read(path, parameter: "validation", byteLimit: fileByteLimit)
    }
    run = try modelErrors(plan.texts, input: plan.texts.parameter) { () throws(LanguageModelError) in
      try TrainingRun(teacher, texts: texts, validation: validation, settings: plan.settings)
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
    let teacher = try open()
    guard let run else { throw .internalError("no training is under way") }
    let deadline = Deadline(afterMilliseconds: milliseconds)
    do throws(LanguageModelError) {
      var (progress, isOver) = (TrainingProgress?.none, false)
      repeat {
        let next = try run.next()
        progress = next ?? progress
        isOver = next == nil
      } while !isOver && !attention.isRaised && !deadline.hasPassed
      if isOver { self.run = nil }
      return Slice(progress: progress, isOver: isOver, summary: run.summary, snapshot: teacher.snapshot())
    } catch {
      self.run = nil
      throw RPCError(error)
    }
  }

  /// Ends a run before its time, if one is under way.
  ///
  /// - Parameter discards: whether what it has taught is taken back.
  func endRun(discards: Bool) throws(RPCError) -> ModelSnapshot {
    if discards { run?.discard() }
    run = nil
    return try open().snapshot()
  }
}

/// What `train` is to do.
struct TrainingPlan: Sendable {
  var texts: TextSource
  var validationPath: String?
  var settings: TrainingSettings
}
