import Foundation
import JSON
import Kernels
import Storage
import Testing

@testable import LanguageModel

@Suite("What a kept model knows of itself")
struct ModelKeeperStateTests: KeeperTests {
  @Test("is at its checkpoint when it was opened from there, and not when anything came after it")
  func isAtCheckpoint() throws {
    let directory = try TemporaryDirectory()
    let keeper = try create(.tiny(), in: directory)
    #expect(keeper.isAtCheckpoint)
    let plain = try recovered(keeper, directory)
    #expect(plain.keeper.isAtCheckpoint && !plain.keeper.mustCheckpoint)
    #expect(plain.report.lastSequence == 0 && plain.keeper.lastSequence == 0)
    // A lesson that comes while a checkpoint is written is not in it.
    let pending = try keeper.beginCheckpoint()
    try teach(keeper, request(.text("a lesson")))
    try pending.write()
    keeper.finishCheckpoint(pending, isWritten: true)
    #expect(!keeper.isAtCheckpoint)
    let taught = try recovered(keeper, directory)
    #expect(!taught.keeper.isAtCheckpoint && taught.report.lastSequence == 1)
    try checkpoint(keeper)
    // Nobody may wait in vain, or not at all, for the first record after a start.
    let settled = try recovered(keeper, directory)
    #expect(settled.keeper.isAtCheckpoint && settled.report.lastSequence == 1 && settled.keeper.lastSequence == 1)
    try beginRun(keeper)
    #expect(!keeper.isAtCheckpoint && keeper.mustCheckpoint)
    try checkpoint(keeper)
    #expect(try !recovered(keeper, directory).keeper.isAtCheckpoint)
    _ = try keeper.continueRun()
    #expect(!keeper.isAtCheckpoint)
    keeper.stopRun(discards: false)
    #expect(keeper.mustCheckpoint)
    try checkpoint(keeper)
    keeper.stopRun(discards: true)
    #expect(keeper.isAtCheckpoint && !keeper.mustCheckpoint, "there was nothing to stop")
  }

  @Test("survives a kill -9 with every lesson but those that were to be kept in memory only")
  func durabilities() throws {
    let directory = try TemporaryDirectory()
    let keeper = try create(.tiny(), in: directory)
    for durability in [Durability.fsync, .os] {
      try teach(keeper, request(.text("kept")), durability: durability)
      expectSame(try recovered(keeper, directory).keeper, keeper)
    }
    try teach(keeper, request(.text("lost for now")), durability: .memory)
    #expect(try recovered(keeper, directory).keeper.teacher.step == 2)
    try keeper.close()
    expectSame(try recovered(keeper, directory).keeper, keeper)
  }

  @Test("names a lesson's step in the journal where it is known, and the training's update")
  func recordedPlaces() throws {
    let directory = try TemporaryDirectory()
    let keeper = try create(.tiny(), in: directory)
    let lesson = request(.text("the man"))
    try teach(keeper, lesson)
    _ = try keeper.record(lesson, isNext: false, durability: .os)
    try beginRun(keeper)
    _ = try keeper.continueRun()
    _ = try keeper.record(lesson, isNext: true, durability: .os)
    let records = try #require(try Store.read(copy(of: keeper, in: directory).path, on: SystemDisk())).records
    let found = records.compactMap { record -> LessonRecord? in
      if case .lesson(let lesson) = JournalEntry(record.payload) { lesson } else { nil }
    }
    #expect(found.map(\.step) == [0, nil, 2])
    #expect(found.map(\.runUpdate) == [nil, nil, 1])
  }

  @Test("wants a checkpoint when a replay would take long, or the journal is long")
  func wantsCheckpoint() throws {
    let directory = try TemporaryDirectory()
    let keeper = try create(.tiny(), in: directory)
    try teach(keeper, request(.text("a lesson")))
    #expect(!keeper.wantsCheckpoint)
    #expect(try !recovered(keeper, directory).report.wantsCheckpoint)
    keeper.replayNanosecondLimit = keeper.replayNanoseconds - 1
    #expect(keeper.wantsCheckpoint)
    let slow = try ModelKeeper.open(
      copy(of: keeper, in: directory), on: SystemDisk(), replayNanosecondLimit: 0, team: ThreadTeam())
    #expect(slow.1.wantsCheckpoint)
    try checkpoint(keeper)
    #expect(!keeper.wantsCheckpoint)
    keeper.replayNanosecondLimit = .max
    try teach(keeper, request(.text("a lesson")))
    keeper.journalByteLimit = keeper.store.journalByteCount
    #expect(!keeper.wantsCheckpoint)
    keeper.journalByteLimit -= 1
    #expect(keeper.wantsCheckpoint)
  }

  @Test("counts a training's time to that of a replay only as far as lessons came in between")
  func replayTime() throws {
    let directory = try TemporaryDirectory()
    let keeper = try create(.tiny(), in: directory)
    try beginRun(keeper)
    _ = try keeper.continueRun()
    let run = keeper.runNanoseconds
    #expect(run > 0 && keeper.replayNanoseconds == 0)
    try teach(keeper, request(.text("in between")))
    let replay = keeper.replayNanoseconds
    #expect(keeper.runNanoseconds == 0 && replay > run)
    _ = try keeper.continueRun()
    let pending = try keeper.beginCheckpoint()
    #expect(keeper.runNanoseconds == 0 && keeper.replayNanoseconds == 0)
    keeper.finishCheckpoint(pending, isWritten: false)
    #expect(keeper.runNanoseconds > 0 && keeper.replayNanoseconds == replay)
  }

  @Test("keeps no checkpoint for a training that is over")
  func unneededCheckpoints() throws {
    let directory = try TemporaryDirectory()
    let keeper = try create(.tiny(), in: directory)
    try beginRun(keeper)
    for _ in 0..<3 {
      try checkpoint(keeper)
      _ = try keeper.continueRun()
    }
    #expect(try checkpoints(of: keeper) == ["1", "3", "4"])
    try finishRun(keeper)
    try checkpoint(keeper)
    #expect(try checkpoints(of: keeper) == ["4", "5"])
  }

  @Test("takes a resumed training back no further than it knows when it began at no checkpoint")
  func beginningUnknown() throws {
    let directory = try TemporaryDirectory()
    let keeper = try create(.tiny(), in: directory)
    try teach(keeper, request(.text("in no checkpoint")))
    try beginRun(keeper)
    try checkpoint(keeper)
    let resumed = try recovered(keeper, directory).keeper
    let known = resumed.teacher.everything
    _ = try resumed.continueRun()
    #expect(resumed.teacher.everything != known)
    resumed.stopRun(discards: true)
    #expect(resumed.teacher.everything == known)
  }

  @Test("keeps what a training taught that is ended before its time, if nobody wants that taken back")
  func keptTraining() throws {
    let directory = try TemporaryDirectory()
    let keeper = try create(.tiny(), in: directory)
    try beginRun(keeper)
    try checkpoint(keeper)
    _ = try keeper.continueRun()
    let taught = keeper.teacher.everything
    keeper.stopRun(discards: false)
    try checkpoint(keeper)
    #expect(keeper.teacher.everything == taught)
    let found = try recovered(keeper, directory)
    #expect(!found.report.hasUnfinishedRun && found.keeper.teacher.everything == taught)
  }

  @Test("takes a resumed training back to its beginning though a lesson in between was refused")
  func refusedInBetween() throws {
    let directory = try TemporaryDirectory()
    let keeper = try create(.tiny(cell: .elmanReLU), in: directory)
    let untrained = keeper.teacher.everything
    try beginRun(keeper)
    try checkpoint(keeper)
    _ = try keeper.continueRun()
    let wild = request(.text("leads nowhere at all")) { ($0.lesson.learningRate, $0.lesson.bptt) = (1e38, 2) }
    #expect(throws: LanguageModelError.self) { try teach(keeper, wild) }
    let resumed = try recovered(keeper, directory).keeper
    _ = try resumed.continueRun()
    resumed.stopRun(discards: true)
    try checkpoint(resumed)
    #expect(resumed.teacher.everything == untrained)
  }

  @Test("with a record at an update that its training does not come by is refused", arguments: [0, 1_000_000])
  func misfitInTraining(_ update: Int) throws {
    let directory = try TemporaryDirectory()
    let keeper = try create(.tiny(), in: directory)
    try beginRun(keeper)
    _ = try keeper.continueRun()
    try checkpoint(keeper)
    var record = LessonRecord(lesson: Lesson([.text("out of place")]))
    record.runUpdate = update
    _ = try keeper.store.append(JournalEntry.lesson(record).encoded())
    #expect(throws: LanguageModelError.self) { try recovered(keeper, directory) }
  }

  @Test("is not opened when it would take more memory than there is", arguments: [true, false])
  func memoryLimit(_ isStore: Bool) throws {
    let directory = try TemporaryDirectory()
    if isStore { _ = try create(.tiny(), in: directory) } else { try directory.model.save(.tiny()) }
    let error = #expect(throws: LanguageModelError.self) {
      try ModelKeeper.open(directory.model, on: SystemDisk(), memoryByteLimit: 1, team: ThreadTeam())
    }
    guard case .tooLargeForMemory = error else {
      Issue.record("unexpected \(String(describing: error))")
      return
    }
  }

  @Test("has no state in a file of another version")
  func stateVersion() throws {
    var state: JSONObject = [
      "format_version": JSONValue(ModelImage.stateVersion), "bound": ["weights": 1.5, "moments": 0.5], "requests": [],
    ]
    #expect(CheckpointState(.object(state)) != nil)
    state["format_version"] = JSONValue(ModelImage.stateVersion + 1)
    #expect(CheckpointState(.object(state)) == nil)
  }
}
