import JSON
package import Kernels
import Networks
package import Storage
import System

/// What opening a model came to.
package struct RecoveryReport: Sendable {
  /// How many lessons the journal held.
  package var lessonCount = 0
  package var replayNanoseconds: UInt64 = 0
  /// How long the unfinished record was that was cut off the journal's end.
  package var cutByteCount = 0
  /// The number of the journal's last record.
  package var lastSequence: UInt64 = 0
  package var hasUnfinishedRun = false
  /// Whether another replay of the journal would take longer than a checkpoint is worth.
  package var wantsCheckpoint = false
  /// Why nothing can be taught for now though the model is there.
  package var failure: LanguageModelError?

  package init() {}
}

extension ModelKeeper {
  /// Makes the directory of a new model.
  ///
  /// - Throws: `storage`.
  package static func create(
    _ teacher: ModelTeacher, in directory: ModelDirectory, on disk: any Disk, team: ThreadTeam
  ) throws(LanguageModelError) -> ModelKeeper {
    let (store, _) = try storing { () throws(StorageError) in try Store.open(directory.path, on: disk) }
    let keeper = ModelKeeper(teacher, in: directory, store: store, disk: disk, team: team)
    try keeper.checkpointNow()
    return keeper
  }

  /// Opens a model as it was when its last lesson was acknowledged: the newest checkpoint, and the journal from there on.
  ///
  /// A directory that others wrote, or that was written before there were journals, gets its first checkpoint.
  ///
  /// - Parameters:
  ///   - memoryByteLimit: how much memory the model may take.
  ///   - replayNanosecondLimit: the keeper's.
  /// - Throws: `damaged`, `corruptFile`, `missingFile`, `unsupported`, `limitExceeded`, `tooLargeForMemory`, `storage`.
  package static func open(
    _ directory: ModelDirectory, on disk: any Disk, memoryByteLimit: Int = .max,
    replayNanosecondLimit: UInt64 = defaultReplayNanosecondLimit, team: ThreadTeam
  ) throws(LanguageModelError) -> (ModelKeeper, RecoveryReport) {
    let (store, recovery) = try storing { () throws(StorageError) in try Store.open(directory.path, on: disk) }
    let recovered = try RecoveredModel(
      recovery, in: directory, on: disk, memoryByteLimit: memoryByteLimit, team: team)
    let keeper = ModelKeeper(recovered.teacher, in: directory, store: store, disk: disk, team: team)
    keeper.replayNanosecondLimit = replayNanosecondLimit
    keeper.adopt(recovered)
    if let checkpoint = recovery.checkpoint {
      // What was replayed is not in it.
      keeper.newestCheckpoint = (checkpoint.number, recovered.report.lessonCount == 0 && recovered.run == nil ? 0 : -1)
    }
    var report = recovered.report
    if let failure = recovery.writeFailure {
      report.failure = LanguageModelError(failure)
    } else if recovery.checkpoint == nil {
      do { try keeper.checkpointNow() } catch { report.failure = error }
    }
    if report.failure != nil { keeper.requireCheckpoint() }
    report.wantsCheckpoint = keeper.wantsCheckpoint
    return (keeper, report)
  }

  /// Reads a model as `open` does, and leaves its directory as it is.
  ///
  /// - Throws: as `open`.
  package static func read(
    _ directory: ModelDirectory, on disk: any Disk, memoryByteLimit: Int = .max, team: ThreadTeam
  ) throws(LanguageModelError) -> ModelTeacher {
    guard let recovery = try storing({ () throws(StorageError) in try Store.read(directory.path, on: disk) }) else {
      return try directory.load(memoryByteLimit: memoryByteLimit, team: team)
    }
    return try RecoveredModel(
      recovery, in: directory, on: disk, memoryByteLimit: memoryByteLimit, team: team
    ).teacher
  }

  /// Goes back to the last record that is known to be durable, after a sync that failed, and does anew what was
  /// acknowledged without being durable: the next checkpoint has it. Nothing can be written before `heal`.
  ///
  /// - Throws: as `open`; then the model is as before.
  package func setBack() throws(LanguageModelError) {
    let recovery = try storing { () throws(StorageError) in try store.recovery() }
    let recovered = try RecoveredModel(recovery, and: unsynced, in: directory, on: disk, team: team)
    // The journal need not know that a training is over.
    if run == nil { try recovered.endRun() }
    teacher = recovered.teacher
    adopt(recovered)
    requireCheckpoint()
  }

  /// Makes the journal writable again.
  ///
  /// - Throws: `storage`, when the disk still fails.
  package func heal() throws(LanguageModelError) {
    guard store.failure != nil else { return }
    // What was not durable is dropped from the journal, but not from memory.
    requireCheckpoint()
    try storing { () throws(StorageError) in try store.heal() }
  }

  private func adopt(_ recovered: RecoveredModel) {
    run = recovered.run
    checkpointBeforeRun = run == nil ? nil : recovered.checkpointBeforeRun
    checkpointToReturnTo = nil
    requests = recovered.requests
    replayNanoseconds = recovered.report.replayNanoseconds
  }

  private func checkpointNow() throws(LanguageModelError) {
    let pending = try beginCheckpoint()
    try pending.write()
    finishCheckpoint(pending, isWritten: true)
  }
}

/// A model as a store's checkpoint and journal say.
final class RecoveredModel {
  let teacher: ModelTeacher
  private(set) var run: TrainingRun?
  /// Where the training under way is taken back from, unless it knows itself.
  private(set) var checkpointBeforeRun: Int?
  private(set) var requests = RequestMemory()
  private(set) var report = RecoveryReport()

  /// - Parameters:
  ///   - unsynced: what was recorded and may not be in the journal any more, in its order.
  ///   - takesBack: whether a training is taken back, to its beginning or the last lesson in between.
  init(
    _ recovery: Recovery, and unsynced: [Unsynced] = [], in directory: ModelDirectory, on disk: any Disk,
    memoryByteLimit: Int = .max, team: ThreadTeam, takingBack takesBack: Bool = false
  ) throws(LanguageModelError) {
    report.cutByteCount = recovery.cut?.byteCount ?? 0
    guard let checkpoint = recovery.checkpoint else {
      teacher = try directory.load(memoryByteLimit: memoryByteLimit, team: team)
      return
    }
    report.lastSequence = checkpoint.position - 1
    let files = CheckpointFiles(checkpoint, in: directory, on: disk)
    let state = try files.state()
    teacher = try ModelLoader(files: files).load(
      bound: state.bound, memoryByteLimit: memoryByteLimit, team: team)
    requests = state.requests
    if let training = state.training {
      let run = TrainingRun(teacher, resuming: try files.run(training, shape: teacher.configuration.shape))
      checkpointBeforeRun = checkpoint.checkpointBeforeRun
      if checkpointBeforeRun == nil { run.keep() }
      self.run = run
    }
    // A checkpoint from before a training is its beginning: what follows was none but refused.
    guard !takesBack || run != nil else { return }
    try replay(recovery, and: unsynced)
    if run?.knowsBefore == true { checkpointBeforeRun = checkpoint.number }
    if takesBack {
      run?.discard()
      finishRun()
    }
    report.hasUnfinishedRun = run != nil
  }

  /// Does the rest of a training, if one is under way.
  func endRun() throws(LanguageModelError) {
    guard let run else { return }
    try advance(run, to: run.updateCount)
    finishRun()
  }

  /// Teaches again what the journal says, and then what is not in it any more.
  private func replay(_ recovery: Recovery, and unsynced: [Unsynced]) throws(LanguageModelError) {
    let start = MonotonicClock.nanoseconds
    var entries: [JournalEntry] = []
    var undone: Set<UInt64> = []
    for record in unsynced {
      if case .undone(let sequence) = record.entry { undone.insert(sequence) }
    }
    for (record, place) in zip(recovery.records, recovery.places) {
      guard let entry = JournalEntry(record.payload) else { throw Self.misfit(record, at: place) }
      if case .undone(let sequence) = entry { undone.insert(sequence) }
      entries.append(entry)
      report.lastSequence = record.sequence
    }
    for (index, entry) in entries.enumerated() {
      let record = recovery.records[index]
      guard case .lesson(let lesson) = entry, !undone.contains(record.sequence) else { continue }
      guard try replay(lesson) else { throw Self.misfit(record, at: recovery.places[index]) }
      report.lessonCount += 1
    }
    for record in unsynced where record.sequence > report.lastSequence {
      guard case .lesson(let lesson) = record.entry else { continue }
      guard try replay(lesson) else {
        throw .damaged(file: "journal", offset: 0, what: "record \(record.sequence) does not fit the model")
      }
    }
    report.replayNanoseconds = MonotonicClock.nanoseconds - start
  }

  /// - Returns: whether the lesson fits the model as it is; if not it was not taught.
  private func replay(_ record: LessonRecord) throws(LanguageModelError) -> Bool {
    if let run {
      // A record that names no training came when it was over.
      let update = record.runUpdate ?? run.updateCount
      try advance(run, to: update)
      guard run.update == update else { return false }
      if record.runUpdate == nil { finishRun() }
    } else if record.runUpdate != nil {
      return false
    }
    if let step = record.step, step != teacher.step { return false }
    let report: LessonReport
    do {
      report = try teacher.teach(try teacher.prepare(record.lesson))
    } catch {
      // What was refused then is refused for the same reason again, and has changed nothing then or now.
      return true
    }
    run?.keep()
    if let key = record.key { requests.remember(report, for: key) }
    return true
  }

  /// Does a training's updates, as far as there are so many.
  private func advance(_ run: TrainingRun, to update: Int) throws(LanguageModelError) {
    while run.update < min(update, run.updateCount) { _ = try run.next() }
  }

  private func finishRun() {
    run = nil
    teacher.releaseWorkspace()
  }

  private static func misfit(_ record: JournalRecord, at place: JournalPlace) -> LanguageModelError {
    .damaged(file: place.file, offset: place.offset, what: "record \(record.sequence) does not fit the model")
  }
}

// MARK: - A checkpoint's files

/// The files of a checkpoint, read from its disk.
struct CheckpointFiles: ModelFileSource {
  private let checkpoint: Checkpoint
  private let path: String
  private let disk: any Disk

  private static let byteLimit = 8 << 30
  private static let stateByteLimit = 1 << 26

  init(_ checkpoint: Checkpoint, in directory: ModelDirectory, on disk: any Disk) {
    self.checkpoint = checkpoint
    path = FileSystem.join(directory.path, checkpoint.directory)
    self.disk = disk
  }

  func bytes(of file: ModelFile, byteLimit: Int) throws(LanguageModelError) -> [UInt8]? {
    try storing { () throws(StorageError) in
      try disk.read(FileSystem.join(path, file.rawValue), byteLimit: byteLimit)
    }
  }

  func tensors(of file: ModelFile) throws(LanguageModelError) -> TensorSource? {
    guard let found = checkpoint.files.first(where: { $0.name == file.rawValue }) else { return nil }
    let reader = try storing { () throws(StorageError) in try disk.reader(of: FileSystem.join(path, found.name)) }
    guard let reader else { return nil }
    return try TensorSource(file, byteCount: found.byteCount, from: reader.read)
  }

  func state() throws(LanguageModelError) -> CheckpointState {
    let json = try ModelLoader(files: self).json(.state, byteLimit: Self.stateByteLimit)
    guard let state = CheckpointState(json) else { throw Self.damaged(.state) }
    return state
  }

  /// Where the training stood.
  func run(_ json: JSONValue, shape: NetworkShape) throws(LanguageModelError) -> TrainingRunState {
    guard let tokens = try bytes(of: .runTokens, byteLimit: Self.byteLimit),
      let states = try bytes(of: .runStates, byteLimit: Self.byteLimit),
      let state = TrainingRunState(json: json, tokenBytes: tokens, hiddenStateBytes: states, shape: shape)
    else { throw Self.damaged(.runTokens) }
    return state
  }

  private static func damaged(_ file: ModelFile) -> LanguageModelError {
    .corruptFile(name: file.rawValue, reason: "found no state of a checkpoint")
  }
}

/// `state.json`.
struct CheckpointState {
  let bound: MagnitudeBound
  let requests: RequestMemory
  let training: JSONValue?

  init?(_ json: JSONValue) {
    guard json["format_version"]?.int == ModelImage.stateVersion, let weights = json["bound"]?["weights"]?.double,
      let moments = json["bound"]?["moments"]?.double,
      let requests = json["requests"].flatMap({ RequestMemory(json: $0) })
    else { return nil }
    bound = MagnitudeBound(weights: weights, moments: moments)
    self.requests = requests
    training = json["training"]
  }
}
