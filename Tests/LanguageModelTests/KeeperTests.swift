import Foundation
import Kernels
import Storage
import Testing

@testable import LanguageModel

/// What the tests of kept models share.
protocol KeeperTests {}

extension KeeperTests {
  /// Teaches as the daemon does: first the record, then the lesson.
  @discardableResult
  func teach(
    _ keeper: ModelKeeper, _ request: LessonRequest, durability: Durability = .fsync,
    isCancelled: () -> Bool = { false }
  ) throws -> LessonReport {
    let prepared = try keeper.prepare(request)
    let sequence = try keeper.record(request, isNext: true, durability: durability)
    do throws(LanguageModelError) {
      return try keeper.teach(
        prepared, of: request, recordedAs: sequence, durability: durability, isCancelled: isCancelled)
    } catch {
      if case .cancelled = error { _ = try keeper.undo(sequence, durability: durability) }
      throw error
    }
  }

  func request(_ input: ModelInput, _ edit: (inout LessonRequest) -> Void = { _ in }) -> LessonRequest {
    var request = LessonRequest(Lesson([input]))
    edit(&request)
    return request
  }

  func create(
    _ settings: CreateSettings, in directory: TemporaryDirectory, on disk: any Disk = SystemDisk()
  ) throws -> ModelKeeper {
    try ModelKeeper.create(
      ModelTeacher(settings, texts: [Array(sampleText.utf8)]), in: directory.model, on: disk, team: ThreadTeam())
  }

  func beginRun(_ keeper: ModelKeeper, text: String = sampleText, learningRate: Double? = nil) throws {
    var settings = TrainingSettings()
    (settings.epochs, settings.batchSize, settings.bptt, settings.learningRate) = (4, 1, 3, learningRate)
    try keeper.beginRun(texts: [Array(text.utf8)], validation: nil, settings: settings)
  }

  func finishRun(_ keeper: ModelKeeper) throws {
    while try keeper.continueRun() != nil {}
    keeper.finishRun()
  }

  func checkpoint(_ keeper: ModelKeeper) throws {
    let pending = try keeper.beginCheckpoint()
    try pending.write()
    keeper.finishCheckpoint(pending, isWritten: true)
  }

  /// What a kill -9 at this moment would leave, opened.
  func recovered(
    _ keeper: ModelKeeper, _ directory: TemporaryDirectory
  ) throws -> (keeper: ModelKeeper, report: RecoveryReport) {
    try ModelKeeper.open(copy(of: keeper, in: directory), on: SystemDisk(), team: ThreadTeam(threadCount: 2))
  }

  /// What a kill -9 at this moment would leave.
  func copy(of keeper: ModelKeeper, in directory: TemporaryDirectory) throws -> ModelDirectory {
    let copy = ModelDirectory(path: directory.path + "/copy-\(UUID().uuidString)")
    try FileManager.default.copyItem(atPath: keeper.directory.path, toPath: copy.path)
    return copy
  }

  /// The names of the checkpoints that are on the disk.
  func checkpoints(of keeper: ModelKeeper) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: keeper.directory.join("checkpoints")).sorted()
  }

  func expectSame(
    _ found: ModelKeeper, _ expected: ModelKeeper, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(found.teacher.everything == expected.teacher.everything, sourceLocation: sourceLocation)
    #expect(found.teacher.tokenizer.json() == expected.teacher.tokenizer.json(), sourceLocation: sourceLocation)
    #expect(found.teacher.configuration == expected.teacher.configuration, sourceLocation: sourceLocation)
    #expect(found.requests == expected.requests, sourceLocation: sourceLocation)
  }
}
