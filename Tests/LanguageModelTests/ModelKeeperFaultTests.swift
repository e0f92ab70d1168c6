import Foundation
import JSON
import Kernels
import Storage
import TestSupport
import Testing

@testable import LanguageModel

@Suite("A kept model whose disk fails")
struct ModelKeeperFaultTests: KeeperTests {
  /// A model on a disk that can be told to fail, and its twin, which is taught only what is to be kept.
  private struct Pair {
    let directory: TemporaryDirectory
    let disk = FaultyDisk()
    let keeper: ModelKeeper
    private let twinDirectory: TemporaryDirectory
    let twin: ModelKeeper

    init(_ tests: ModelKeeperFaultTests, _ settings: CreateSettings = .tiny(optimizer: .adamw)) throws {
      (directory, twinDirectory) = (try TemporaryDirectory(), try TemporaryDirectory())
      keeper = try tests.create(settings, in: directory, on: disk)
      twin = try tests.create(settings, in: twinDirectory)
    }

    var both: [ModelKeeper] { [keeper, twin] }
  }

  /// A lesson whose sync fails, so that it is neither acknowledged nor kept.
  private func loseLesson(_ pair: Pair) throws {
    try teach(pair.keeper, request(.text("lost with its new words")))
    pair.disk.set(.syncs)
    #expect(throws: LanguageModelError.self) { try pair.keeper.journal.synchronize() }
    #expect(pair.keeper.journalFailure != nil)
    try pair.keeper.setBack()
  }

  private func heal(_ pair: Pair) throws {
    #expect(throws: LanguageModelError.self) { try pair.keeper.heal() }
    pair.disk.set(.none)
    try pair.keeper.heal()
    #expect(pair.keeper.mustCheckpoint && pair.keeper.journalFailure == nil)
    try checkpoint(pair.keeper)
    #expect(!pair.keeper.mustCheckpoint)
  }

  @Test("is set back to what was acknowledged, durable or not, each lesson once, however often the disk fails")
  func setBack() throws {
    let pair = try Pair(self)
    for each in pair.both {
      try teach(each, request(.text("durable by its own sync")) { $0.key = "durable" }, durability: .os)
    }
    _ = try pair.keeper.journal.synchronize()
    for round in 0..<3 {
      for each in pair.both {
        try teach(each, request(.text("kept by the system \(round)")) { $0.key = "os \(round)" }, durability: .os)
        try teach(each, request(.text("kept in memory \(round)")), durability: .memory)
      }
      try loseLesson(pair)
      #expect(pair.keeper.mustCheckpoint && !pair.keeper.isAtCheckpoint)
      expectSame(pair.keeper, pair.twin)
      try heal(pair)
      expectSame(try recovered(pair.keeper, pair.directory).keeper, pair.twin)
      #expect(pair.keeper.unsynced.isEmpty)
    }
  }

  @Test(
    "is set back with lessons from before and during a checkpoint that counts, or that perhaps does",
    arguments: [true, false], [true, false])
  func setBackAroundCheckpoint(_ isKnownToCount: Bool, _ hasLessonMeanwhile: Bool) throws {
    let pair = try Pair(self)
    for each in pair.both { try teach(each, request(.text("before the checkpoint")), durability: .os) }
    let pending = try pair.keeper.beginCheckpoint()
    if hasLessonMeanwhile {
      for each in pair.both { try teach(each, request(.text("while it is written")), durability: .os) }
    }
    // A commit whose last sync failed leaves the same on the disk.
    try pending.write()
    pair.keeper.finishCheckpoint(pending, isWritten: isKnownToCount)
    #expect(pair.keeper.unsynced.map(\.sequence) == (hasLessonMeanwhile ? [2] : isKnownToCount ? [] : [1]))
    try loseLesson(pair)
    expectSame(pair.keeper, pair.twin)
    try heal(pair)
    expectSame(try recovered(pair.keeper, pair.directory).keeper, pair.twin)
  }

  @Test("remembers no longer than it must what was answered before it was durable")
  func forgets() throws {
    let pair = try Pair(self)
    for round in 0..<3 { try teach(pair.keeper, request(.text("lesson \(round)")), durability: .os) }
    #expect(pair.keeper.unsynced.map(\.sequence) == [1, 2, 3])
    _ = try pair.keeper.journal.synchronize()
    try teach(pair.keeper, request(.text("one more")), durability: .memory)
    #expect(pair.keeper.unsynced.map(\.sequence) == [4])
    try teach(pair.keeper, request(.text("answered when durable")))
    #expect(pair.keeper.unsynced.map(\.sequence) == [4])
  }

  @Test(
    "does not learn a cancelled lesson after all when it was durable and the note of its cancelling is lost",
    arguments: [false, true])
  func lostNote(_ spansCheckpoint: Bool) throws {
    let pair = try Pair(self)
    for each in pair.both { try teach(each, request(.text("stays")), durability: .os) }
    // A checkpoint that was begun before knows nothing of it either.
    let pending = spansCheckpoint ? try pair.keeper.beginCheckpoint() : nil
    let cancelled = request(.text("cancelled while it is computed")) { $0.lesson.bptt = 1 }
    #expect(throws: LanguageModelError.cancelled) {
      try teach(pair.keeper, cancelled, durability: .os) {
        (try? pair.keeper.journal.synchronize()) == 2
      }
    }
    try pending?.write()
    if let pending { pair.keeper.finishCheckpoint(pending, isWritten: true) }
    for each in pair.both { try teach(each, request(.text("comes after it")), durability: .os) }
    #expect(throws: LanguageModelError.cancelled) {
      try teach(pair.keeper, cancelled, durability: .os) { true }
    }
    try loseLesson(pair)
    expectSame(pair.keeper, pair.twin)
    try heal(pair)
    expectSame(try recovered(pair.keeper, pair.directory).keeper, pair.twin)
    // The numbers that were dropped are given to others, which are taught.
    for each in pair.both { for word in ["a", "b", "c"] { try teach(each, request(.text(word)), durability: .os) } }
    _ = try pair.keeper.journal.synchronize()
    try loseLesson(pair)
    expectSame(pair.keeper, pair.twin)
  }

  @Test("must have a checkpoint when it cannot be noted that a lesson was cancelled")
  func refusedNote() throws {
    let pair = try Pair(self)
    let cancelled = request(.text("cancelled")) { $0.lesson.bptt = 1 }
    let error = #expect(throws: LanguageModelError.self) {
      try teach(pair.keeper, cancelled, durability: .os) {
        pair.disk.set(.writes)
        return true
      }
    }
    guard case .storage = error else {
      Issue.record("unexpected \(String(describing: error))")
      return
    }
    #expect(pair.keeper.mustCheckpoint)
    pair.disk.set(.none)
    try checkpoint(pair.keeper)
    expectSame(pair.keeper, pair.twin)
    expectSame(try recovered(pair.keeper, pair.directory).keeper, pair.twin)
  }

  @Test("needs no checkpoint to be healed of what never reached the journal")
  func nothingToHeal() throws {
    let pair = try Pair(self)
    pair.disk.set(.writes)
    #expect(throws: LanguageModelError.self) { try teach(pair.keeper, request(.text("never recorded"))) }
    #expect(throws: LanguageModelError.self) { try pair.keeper.probe() }
    pair.disk.set(.none)
    try pair.keeper.heal()
    #expect(!pair.keeper.mustCheckpoint)
    let probed = try pair.keeper.probe()
    #expect(pair.keeper.lastSequence == probed)
    for each in pair.both { try teach(each, request(.text("recorded"))) }
    expectSame(try recovered(pair.keeper, pair.directory).keeper, pair.twin)
  }

  @Test("keeps what it acknowledged when the journal drops it, and must have a checkpoint before anything else")
  func healWithoutSetBack() throws {
    let pair = try Pair(self)
    for each in pair.both { try teach(each, request(.text("acknowledged at once")), durability: .memory) }
    pair.disk.set(.syncs)
    #expect(throws: LanguageModelError.self) { try pair.keeper.journal.synchronize() }
    expectSame(pair.keeper, pair.twin)
    try heal(pair)
    for each in pair.both { try teach(each, request(.text("and what comes next"))) }
    expectSame(pair.keeper, pair.twin)
    expectSame(try recovered(pair.keeper, pair.directory).keeper, pair.twin)
  }

  @Test("is opened all the same, and must have a checkpoint once the disk takes one")
  func failingOpen() throws {
    let pair = try Pair(self)
    for each in pair.both { try teach(each, request(.text("acknowledged"))) }
    let (found, report) = try ModelKeeper.open(
      copy(of: pair.keeper, in: pair.directory), on: pair.disk, team: ThreadTeam())
    #expect(report.failure == nil && !found.mustCheckpoint)
    for fault in [FaultyDisk.Fault.writes, .syncs] {
      pair.disk.set(fault)
      let copy = try copy(of: pair.keeper, in: pair.directory)
      let (found, report) = try ModelKeeper.open(copy, on: pair.disk, team: ThreadTeam())
      #expect(report.failure != nil && report.lessonCount == 1 && found.mustCheckpoint)
      expectSame(found, pair.twin)
      #expect(throws: LanguageModelError.self) { try teach(found, request(.text("refused"))) }
      pair.disk.set(.none)
      try found.heal()
      #expect(found.mustCheckpoint)
      try checkpoint(found)
      expectSame(try recovered(found, pair.directory).keeper, pair.twin)
    }
  }

  @Test("that was written before there were journals is whole, whichever operation fails as it gets one")
  func failingFirstOpen() throws {
    let teacher = try ModelTeacher.tiny(optimizer: .adamw)
    _ = try teacher.teach(Lesson([.text("in an older version")]))
    var readOnlyCount = 0
    for fault in [FaultyDisk.Fault.writes, .syncs] {
      var number = 0
      while true {
        let (directory, disk) = (try TemporaryDirectory(), FaultyDisk())
        try directory.model.save(teacher)
        disk.fail(fault, inOperation: number)
        do {
          let (keeper, report) = try ModelKeeper.open(directory.model, on: disk, team: ThreadTeam())
          #expect(keeper.mustCheckpoint == (report.failure != nil))
          #expect(keeper.isAtCheckpoint == (report.failure == nil), "without one the journal leads nowhere")
          #expect(keeper.teacher.everything == teacher.everything)
          if report.failure != nil {
            readOnlyCount += 1
            try keeper.heal()
            try checkpoint(keeper)
          }
        } catch let error as LanguageModelError {
          guard case .storage = error else { throw error }
        }
        let found = try ModelKeeper.open(directory.model, on: SystemDisk(), team: ThreadTeam()).0
        #expect(found.teacher.everything == teacher.everything, "\(fault) \(number)")
        guard disk.hasFailed else { break }
        number += 1
      }
      #expect(number > 5)
    }
    #expect(readOnlyCount > 5)
  }
}

// MARK: - Checkpoints and trainings

extension ModelKeeperFaultTests {
  @Test("is as before when a checkpoint fails at any operation, and knows whether that may count")
  func failingCheckpoint() throws {
    for fault in [FaultyDisk.Fault.writes, .syncs] {
      let pair = try Pair(self)
      for each in pair.both { try teach(each, request(.text("a lesson"))) }
      var (number, doubtCount) = (0, 0)
      while true {
        let (replay, run) = (pair.keeper.replayNanoseconds, pair.keeper.runNanoseconds)
        #expect(replay > 0)
        let pending = try pair.keeper.beginCheckpoint()
        #expect(pair.keeper.replayNanoseconds == 0 && pair.keeper.runNanoseconds == 0)
        let before = try checkpoints(of: pair.keeper).filter { $0 != "\(pending.writer.number)" }
        pair.disk.fail(fault, inOperation: number)
        do throws(LanguageModelError) { try pending.write() } catch {
          let mayCount = pending.writer.mayCount
          let wasInDoubt = pair.keeper.isCheckpointInDoubt
          pair.keeper.finishCheckpoint(pending, isWritten: false)
          #expect(pair.keeper.replayNanoseconds == replay && pair.keeper.runNanoseconds == run)
          #expect(pair.keeper.isCheckpointInDoubt == (wasInDoubt || mayCount))
          if !mayCount { #expect(try checkpoints(of: pair.keeper) == before) }
          if mayCount { doubtCount += 1 }
          expectSame(try recovered(pair.keeper, pair.directory).keeper, pair.twin)
          number += 1
          continue
        }
        pair.keeper.finishCheckpoint(pending, isWritten: true)
        #expect(!pair.keeper.isCheckpointInDoubt && pair.keeper.isAtCheckpoint)
        expectSame(try recovered(pair.keeper, pair.directory).keeper, pair.twin)
        break
      }
      #expect(number > 5 && doubtCount == (fault == .syncs ? 1 : 0))
    }
  }

  @Test("does not know whether a checkpoint counts until another does")
  func doubt() throws {
    let pair = try Pair(self)
    func fail(_ number: Int) throws {
      let pending = try pair.keeper.beginCheckpoint()
      pair.disk.fail(.syncs, inOperation: number)
      #expect(throws: LanguageModelError.self) { try pending.write() }
      pair.keeper.finishCheckpoint(pending, isWritten: false)
    }
    var number = 0
    while !pair.keeper.isCheckpointInDoubt {
      try fail(number)
      number += 1
    }
    try fail(0)
    #expect(pair.keeper.isCheckpointInDoubt)
    try checkpoint(pair.keeper)
    #expect(!pair.keeper.isCheckpointInDoubt)
  }

  @Test("must still have a checkpoint when one counts that was begun before what the journal cannot tell")
  func olderCheckpoint() throws {
    let pair = try Pair(self)
    func finishOlder(_ older: PendingCheckpoint) throws {
      try older.write()
      pair.keeper.finishCheckpoint(older, isWritten: true)
      #expect(pair.keeper.mustCheckpoint)
      try checkpoint(pair.keeper)
      #expect(!pair.keeper.mustCheckpoint)
      let found = try recovered(pair.keeper, pair.directory)
      #expect(!found.report.hasUnfinishedRun)
      expectSame(found.keeper, pair.twin)
    }
    let beforeHealing = try pair.keeper.beginCheckpoint()
    for each in pair.both { try teach(each, request(.text("acknowledged at once")), durability: .memory) }
    pair.disk.set(.syncs)
    #expect(throws: LanguageModelError.self) { try pair.keeper.journal.synchronize() }
    pair.disk.set(.none)
    try pair.keeper.heal()
    try finishOlder(beforeHealing)
    try beginRun(pair.keeper)
    try checkpoint(pair.keeper)
    _ = try pair.keeper.continueRun()
    let beforeStop = try pair.keeper.beginCheckpoint()
    pair.keeper.stopRun(discards: true)
    try finishOlder(beforeStop)
  }

  @Test("takes back a training that could not be written down, and must have a checkpoint if that may count")
  func unwrittenRun() throws {
    var (number, doubtCount) = (0, 0)
    while true {
      let pair = try Pair(self)
      for each in pair.both { try teach(each, request(.text("before"))) }
      try checkpoint(pair.keeper)
      try beginRun(pair.keeper, text: sampleText + "unseen words")
      #expect(pair.keeper.mustCheckpoint)
      let pending = try pair.keeper.beginCheckpoint()
      pair.disk.fail(.syncs, inOperation: number)
      guard (try? pending.write()) == nil else { break }
      pair.keeper.finishCheckpoint(pending, isWritten: false)
      pair.keeper.takeBackRun()
      #expect(pair.keeper.run == nil && pair.keeper.mustCheckpoint == pending.writer.mayCount)
      expectSame(pair.keeper, pair.twin)
      if pair.keeper.mustCheckpoint {
        doubtCount += 1
        try checkpoint(pair.keeper)
      }
      for each in pair.both { try teach(each, request(.text("after"))) }
      let found = try recovered(pair.keeper, pair.directory)
      #expect(!found.report.hasUnfinishedRun)
      expectSame(found.keeper, pair.twin)
      number += 1
    }
    #expect(number > 5 && doubtCount == 1)
  }

  @Test("is set back in a training to its last lesson in between, and goes on from there to the same bits")
  func setBackWhileTraining() throws {
    let pair = try Pair(self)
    for each in pair.both {
      try beginRun(each, text: sampleText + "unseen words")
      try checkpoint(each)
      for update in 0..<4 {
        _ = try each.continueRun()
        if update % 2 == 0 { try teach(each, request(.text("in between \(update)")), durability: .os) }
      }
    }
    try loseLesson(pair)
    #expect(pair.keeper.run?.update == 3)
    try heal(pair)
    let resumed = try recovered(pair.keeper, pair.directory).keeper
    for each in [pair.keeper, pair.twin, resumed] { try finishRun(each) }
    expectSame(pair.keeper, pair.twin)
    expectSame(resumed, pair.twin)
  }

  @Test("is taken back, after it was set back in a training, to where that began")
  func takenBackAfterSetBack() throws {
    let pair = try Pair(self)
    try beginRun(pair.keeper)
    try checkpoint(pair.keeper)
    _ = try pair.keeper.continueRun()
    try checkpoint(pair.keeper)
    _ = try pair.keeper.journal.synchronize()
    _ = try pair.keeper.record(request(.text("not taught any more")), isNext: true, durability: .fsync)
    pair.disk.set(.syncs)
    #expect(throws: LanguageModelError.self) { try pair.keeper.journal.synchronize() }
    try pair.keeper.setBack()
    try heal(pair)
    pair.keeper.stopRun(discards: true)
    expectSame(pair.keeper, pair.twin)
  }

  @Test("that was trained to the end before it was set back is as it was at that end")
  func setBackAfterTraining() throws {
    let pair = try Pair(self)
    for each in pair.both {
      try beginRun(each, text: sampleText + "unseen words")
      try checkpoint(each)
      for _ in 0..<3 { _ = try each.continueRun() }
      try checkpoint(each)
      try finishRun(each)
    }
    try loseLesson(pair)
    #expect(pair.keeper.run == nil)
    expectSame(pair.keeper, pair.twin)
    try heal(pair)
    let found = try recovered(pair.keeper, pair.directory)
    #expect(!found.report.hasUnfinishedRun)
    expectSame(found.keeper, pair.twin)
  }
}
