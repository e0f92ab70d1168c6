import Foundation
import Kernels
import Networks
import Storage
import Testing

@testable import LanguageModel

@Suite("A kept model")
struct ModelKeeperTests: KeeperTests {
  /// Lessons of every kind, after each of which a crash may come.
  private func script(_ keeper: ModelKeeper) -> [() throws -> Void] {
    var carry: CarryState?
    return [
      { carry = try teach(keeper, request(.text("the man bites a zebra")) { $0.key = "first" }).carry },
      {
        carry = try teach(
          keeper,
          request(.text("and so on with new words")) {
            ($0.carries, $0.lesson.carry, $0.lesson.bptt) = (true, carry, 2)
          }
        ).carry
      },
      { try teach(keeper, request(.ids([2, 3, 4, 2])) { ($0.lesson.clipNorm, $0.lesson.clipValue) = (0.1, 0.01) }) },
      {
        var batch = LessonRequest(Lesson([.text("a b c d e"), .text("the man"), .text("")]))
        batch.lesson.learningRate = 0.7
        try teach(keeper, batch, durability: .os)
      },
      {
        let wild = request(.text("leads nowhere at all")) { ($0.lesson.learningRate, $0.lesson.bptt) = (1e38, 2) }
        #expect(throws: LanguageModelError.self) { try teach(keeper, wild) }
      },
      {
        var asked = 0
        let long = request(.text("cancelled with words of its own")) { ($0.lesson.bptt, $0.key) = (1, "cancelled") }
        #expect(throws: LanguageModelError.cancelled) {
          try teach(keeper, long) {
            asked += 1
            return asked > 2
          }
        }
      },
      { try teach(keeper, request(.text("the last lesson")) { $0.key = "last" }) },
    ]
  }

  @Test(
    "is recovered to the bit after every lesson, whenever a checkpoint came",
    arguments: CellKind.allCases, [CreateSettings.OptimizerName.sgd, .adamw])
  func recovery(_ cell: CellKind, _ optimizer: CreateSettings.OptimizerName) throws {
    for (checkpointAfter, lessonCount) in [(nil, 7), (2, 4), (5, 2)] {
      let directory = try TemporaryDirectory()
      var settings = CreateSettings.tiny(cell: cell, optimizer: optimizer)
      settings.dropout = 0.2
      let keeper = try create(settings, in: directory)
      for (index, lesson) in script(keeper).enumerated() {
        try lesson()
        let found = try recovered(keeper, directory)
        expectSame(found.keeper, keeper)
        if index == checkpointAfter { try checkpoint(keeper) }
      }
      // And goes on as it would have, also after a second crash.
      let found = try recovered(keeper, directory).keeper
      for each in [keeper, found] { try teach(each, request(.text("what comes next"))) }
      expectSame(found, keeper)
      expectSame(try recovered(found, directory).keeper, keeper)
      #expect(try recovered(keeper, directory).report.lessonCount == lessonCount)
    }
  }

  @Test(
    "learns the same when it gives memory back between lessons",
    arguments: CellKind.allCases, [CreateSettings.OptimizerName.sgd, .adamw])
  func rest(_ cell: CellKind, _ optimizer: CreateSettings.OptimizerName) throws {
    var settings = CreateSettings.tiny(cell: cell, optimizer: optimizer)
    settings.dropout = 0.2
    let directories = try [TemporaryDirectory(), TemporaryDirectory()]
    let (busy, resting) = (try create(settings, in: directories[0]), try create(settings, in: directories[1]))
    for (index, (lesson, same)) in zip(script(busy), script(resting)).enumerated() {
      try lesson()
      try same()
      if index % 3 != 1 { _ = resting.teacher.snapshot() }
      if index % 2 == 0 { resting.teacher.prepareForLesson() }
      let before = resting.teacher.snapshot()
      resting.rest()
      #expect(resting.teacher.snapshot().generation == before.generation)
      expectSame(resting, busy)
    }
  }

  @Test(
    "is recovered with lessons that came in between a training, which then ends with the same bits",
    arguments: [CreateSettings.OptimizerName.sgd, .adamw], [false, true])
  func lessonsWhileTraining(_ optimizer: CreateSettings.OptimizerName, _ hasCheckpoint: Bool) throws {
    let directory = try TemporaryDirectory()
    var settings = CreateSettings.tiny(optimizer: optimizer)
    settings.dropout = 0.2
    let keeper = try create(settings, in: directory)
    var training = TrainingSettings()
    (training.epochs, training.batchSize, training.bptt) = (3, 2, 5)
    try keeper.beginRun(texts: [Array((sampleText + "unseen words").utf8)], validation: nil, settings: training)
    try checkpoint(keeper)
    var found: [ModelKeeper] = []
    for index in 0..<6 {
      _ = try keeper.continueRun()
      if index % 2 == 0 { try teach(keeper, request(.text("in between \(index)"))) }
      if index == 3, hasCheckpoint { try checkpoint(keeper) }
      let other = try recovered(keeper, directory)
      #expect(other.report.hasUnfinishedRun)
      if index % 2 == 0 { expectSame(other.keeper, keeper) }
      if index >= 4 { found.append(other.keeper) }
    }
    while try keeper.continueRun() != nil {}
    keeper.finishRun()
    for other in found {
      while try other.continueRun() != nil {}
      other.finishRun()
      expectSame(other, keeper)
    }
    // A lesson after the training's end, and a crash before the checkpoint.
    try teach(keeper, request(.text("after the end")))
    let last = try recovered(keeper, directory)
    #expect(!last.report.hasUnfinishedRun)
    expectSame(last.keeper, keeper)
  }

  /// Where a lesson comes in between the updates and checkpoints of a training, if it does.
  enum LessonPlace: CaseIterable { case none, beforeUpdates, betweenCheckpoints, afterCheckpoints }

  @Test(
    "goes back to where a training began, or to the last lesson in between, also when it was resumed after a crash",
    arguments: LessonPlace.allCases.map { ($0, false) } + [(.none, true), (.betweenCheckpoints, true)])
  func takesBack(_ place: LessonPlace, _ diverges: Bool) throws {
    let directory = try TemporaryDirectory()
    let keeper = try create(.tiny(cell: diverges ? .elmanReLU : .lstm), in: directory)
    try teach(keeper, request(.text("before all")) { $0.key = "before" })
    #expect(!keeper.isAtCheckpoint)
    try checkpoint(keeper)
    #expect(keeper.isAtCheckpoint)
    let untrained = (everything: keeper.teacher.everything, vocabulary: keeper.teacher.tokenizer.json())
    var training = TrainingSettings()
    (training.epochs, training.batchSize, training.bptt) = (4, 1, 3)
    if diverges { training.learningRate = 1e6 }
    try keeper.beginRun(texts: [Array((sampleText + "unseen words").utf8)], validation: nil, settings: training)
    try checkpoint(keeper)
    func teachInBetween(_ here: LessonPlace) throws {
      if here == place { try teach(keeper, request(.text("new in between")) { $0.key = "between" }) }
    }
    try teachInBetween(.beforeUpdates)
    for index in 0..<3 {
      if !diverges || index == 0 { _ = try keeper.continueRun() }
      try checkpoint(keeper)
      if index == 1 { try teachInBetween(.betweenCheckpoints) }
    }
    if !diverges { _ = try keeper.continueRun() }
    try teachInBetween(.afterCheckpoints)
    let found = try recovered(keeper, directory).keeper
    let foundTwice = try recovered(found, directory).keeper
    try checkpoint(foundTwice)
    let foundLater = try recovered(foundTwice, directory).keeper
    for each in [keeper, found, foundTwice, foundLater] {
      #expect(each.run != nil)
      if diverges {
        let error = #expect(throws: LanguageModelError.self) { while try each.continueRun() != nil {} }
        guard case .diverged = error else {
          Issue.record("unexpected \(String(describing: error))")
          return
        }
      } else {
        _ = try each.continueRun()
        each.stopRun(discards: true)
      }
      #expect(each.run == nil)
      expectSame(each, keeper)
      try checkpoint(each)
      #expect(try checkpoints(of: each).count == 2)
      expectSame(try recovered(each, directory).keeper, keeper)
    }
    guard place == .none else { return }
    #expect(keeper.teacher.everything == untrained.everything)
    #expect(keeper.teacher.tokenizer.json() == untrained.vocabulary)
  }

  @Test("whose training cannot be taken back for now takes it back before anything else is written")
  func takesBackLater() throws {
    let directory = try TemporaryDirectory()
    let keeper = try create(.tiny(), in: directory)
    let untrained = keeper.teacher.everything
    try keeper.beginRun(texts: [Array(sampleText.utf8)], validation: nil, settings: TrainingSettings())
    for _ in 0..<3 {
      try checkpoint(keeper)
      _ = try keeper.continueRun()
    }
    let found = try recovered(keeper, directory).keeper
    let file = found.directory.join("checkpoints/1/model.safetensors")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    try Data(bytes.dropLast()).write(to: URL(fileURLWithPath: file))
    found.stopRun(discards: true)
    #expect(found.mustCheckpoint)
    #expect(
      throws: LanguageModelError.damaged(
        file: "checkpoints/1/model.safetensors", offset: bytes.count - 1,
        what: "it has \(bytes.count - 1) bytes, \(bytes.count) were written")
    ) { try found.beginCheckpoint() }
    try bytes.write(to: URL(fileURLWithPath: file))
    try checkpoint(found)
    #expect(found.teacher.everything == untrained)
    #expect(try recovered(found, directory).keeper.teacher.everything == untrained)
    // And only once.
    try teach(found, request(.text("taught afterwards")))
    let taught = found.teacher.everything
    try checkpoint(found)
    #expect(found.teacher.everything == taught)
  }

  @Test("is read without being changed, as it would be opened")
  func reading() throws {
    let directory = try TemporaryDirectory()
    let keeper = try create(.tiny(optimizer: .adamw), in: directory)
    try teach(keeper, request(.text("taught after the checkpoint")))
    _ = try keeper.journal.synchronize()
    func names() throws -> [String] {
      try FileManager.default.subpathsOfDirectory(atPath: directory.model.path).sorted()
    }
    let before = try names()
    let found = try ModelKeeper.read(directory.model, on: SystemDisk(), team: ThreadTeam())
    #expect(found.everything == keeper.teacher.everything)
    #expect(try names() == before)
  }

  @Test("may have been a directory without a journal, and is the same model from then on")
  func olderDirectory() throws {
    let directory = try TemporaryDirectory()
    let teacher = try ModelTeacher.tiny(optimizer: .adamw)
    _ = try teacher.teach(Lesson([.text("in an older version")]))
    try directory.model.save(teacher)
    #expect(directory.model.holdsModel && !directory.model.isStore)
    let (keeper, report) = try ModelKeeper.open(directory.model, on: SystemDisk(), team: ThreadTeam())
    #expect(report.failure == nil && report.lessonCount == 0 && directory.model.isStore)
    #expect(keeper.teacher.everything == teacher.everything)
    try teach(keeper, request(.text("in this one")))
    expectSame(try recovered(keeper, directory).keeper, keeper)
    // Others find the newest checkpoint under the names that they know.
    try checkpoint(keeper)
    #expect(try directory.model.load().everything == keeper.teacher.everything)
  }

  @Test("whose manifest or checkpoint is gone is refused, and nothing is made in its place")
  func missingParts() throws {
    for part in ["manifest.json", "checkpoints/1", "checkpoints/1/state.json", "journal"] {
      let directory = try TemporaryDirectory()
      let keeper = try create(.tiny(), in: directory)
      try teach(keeper, request(.text("a lesson")))
      try keeper.close()
      try FileManager.default.removeItem(atPath: directory.model.join(part))
      #expect(directory.model.holdsModel)
      #expect(throws: LanguageModelError.self, "without \(part)") {
        try ModelKeeper.open(directory.model, on: SystemDisk(), team: ThreadTeam())
      }
    }
  }

  @Test("with a whole record that does not fit it is refused, and told is where the record stands")
  func misfits() throws {
    let lesson = LessonRecord(lesson: Lesson([.text("out of place")]))
    var (late, inTraining) = (lesson, lesson)
    (late.step, inTraining.runUpdate) = (7, 1)
    for payload in [JournalEntry.lesson(late).encoded(), JournalEntry.lesson(inTraining).encoded(), [1, 2, 3]] {
      let directory = try TemporaryDirectory()
      let keeper = try create(.tiny(), in: directory)
      try teach(keeper, request(.text("a lesson")))
      try keeper.close()
      let (store, _) = try Store.open(directory.model.path, on: SystemDisk())
      let file = directory.model.join("journal/00000000000000000002.log")
      let offset = try Data(contentsOf: URL(fileURLWithPath: file)).count
      let sequence = try store.append(payload)
      try store.close()
      let error = #expect(throws: LanguageModelError.self) {
        try ModelKeeper.open(directory.model, on: SystemDisk(), team: ThreadTeam())
      }
      #expect(
        error
          == .damaged(
            file: "journal/00000000000000000002.log", offset: offset,
            what: "record \(sequence) does not fit the model"))
    }
  }

  @Test("is not there when its making was stopped before the first checkpoint")
  func halfMade() throws {
    let directory = try TemporaryDirectory()
    _ = try Store.open(directory.model.path, on: SystemDisk())
    #expect(!directory.model.holdsModel)
    let keeper = try create(.tiny(), in: directory)
    #expect(directory.model.holdsModel)
    expectSame(try recovered(keeper, directory).keeper, keeper)
  }
}
