import Foundation
import JSON
import System
import TestSupport

@testable import Storage

/// Drives a store as its owner would, and beside it a plain model of what must be true.
///
/// The owner's state is the list of all payloads; its checkpoint is a file that says how many there are and what their
/// checksum is.
final class StoreDriver {
  /// What a store did that it must not do.
  struct Violation: Error, CustomStringConvertible {
    let description: String
  }

  static let directory = "/models/model"

  let disk: SimulatedDisk
  private(set) var store: Store?
  /// The payloads of the owner's state, record 1 first.
  private(set) var timeline: [[UInt8]] = []
  /// The longest list of payloads that a recovery may find; `timeline` is its beginning.
  private var branch: [[UInt8]] = []
  /// So many records were acknowledged as durable.
  private(set) var acknowledgedCount = 0
  /// The position of the newest checkpoint whose commit was acknowledged.
  private var committedPosition: UInt64 = 1
  private var writer: CheckpointWriter?
  private var checkpointBytes: [UInt8] = []
  private var payloadNumber: UInt64 = 0
  private var generator: SeededGenerator
  private let segmentByteLimit: Int
  private(set) var openedCount = 0

  init(seed: UInt64, segmentByteLimit: Int) throws {
    disk = SimulatedDisk(seed: seed)
    generator = SeededGenerator(seed: seed &+ 0x5EED)
    self.segmentByteLimit = segmentByteLimit
    try disk.createDirectory("/models")
    try disk.synchronizeDirectory("/")
  }

  /// Whether an error is to be expected.
  private var isFaulty: Bool { disk.fault != nil || disk.isDead || store?.failure != nil }
}

// MARK: - What the owner does

extension StoreDriver {
  /// Opens the store and compares what it holds with what must be there.
  func open() throws {
    store = nil
    writer = nil
    do {
      let (store, recovery) = try Store.open(
        Self.directory, on: disk, identity: 77, segmentByteLimit: segmentByteLimit)
      self.store = store
      openedCount += 1
      try check(recovery, isLongest: true)
      let count = timeline.count
      if recovery.writeFailure == nil {
        try requireTidiness(on: disk)
        // What was read is durable from now on, and nothing else may come back.
        acknowledgedCount = count
        branch = timeline
        committedPosition = recovery.checkpoint?.position ?? 1
        try require(
          store.durableSequence == UInt64(count), "opened, but \(store.durableSequence) of \(count) are durable")
      } else {
        try require(isFaulty, "opened read-only without a fault: \(recovery)")
      }
      try require(store.nextSequence == UInt64(count) + 1, "next is \(store.nextSequence) after \(count)")
    } catch let error as StorageError { try expect(error) }
  }

  func append(byteCount: Int) throws {
    guard let store else { return }
    let payload = nextPayload(byteCount: byteCount)
    do {
      let sequence = try store.append(payload)
      try require(sequence == UInt64(timeline.count) + 1, "appended as \(sequence) after \(timeline.count)")
      add(payload)
    } catch {
      try expect(error)
      // Whoever died while writing may have written it.
      if disk.isDead { branch = timeline + [payload] }
      try requireWholeEnd()
      try rollBackIfFailed()
    }
  }

  func buffer(byteCount: Int) throws {
    guard let store else { return }
    let payload = nextPayload(byteCount: byteCount)
    do {
      let sequence = try store.buffer(payload)
      try require(sequence == UInt64(timeline.count) + 1, "buffered as \(sequence) after \(timeline.count)")
      add(payload)
    } catch {
      try expect(error)
      try rollBackIfFailed()
    }
  }

  func synchronize() throws {
    guard let store else { return }
    do {
      let durable = try store.synchronize()
      try require(durable == UInt64(timeline.count), "synced up to \(durable) of \(timeline.count)")
      acknowledgedCount = timeline.count
    } catch {
      try expect(error)
      try requireWholeEnd()
      try rollBackIfFailed()
    }
  }

  func beginCheckpoint() throws {
    guard let store, writer == nil else { return }
    do {
      let writer = try store.beginCheckpoint(byteCount: 100)
      try require(writer.position == UInt64(timeline.count) + 1, "checkpoint at \(writer.position)")
      acknowledgedCount = timeline.count
      self.writer = writer
      checkpointBytes = Self.image(of: timeline[...])
    } catch {
      try expect(error)
      try rollBackIfFailed()
    }
  }

  func finishCheckpoint(abandoning: Bool = false) throws {
    guard let writer else { return }
    self.writer = nil
    do {
      try writer.write(checkpointBytes, to: "state.bin")
      try writer.write([], to: "empty.bin")
      if abandoning { return writer.abandon() }
      try writer.commit(notes: ["count": JSONValue(Int(writer.position) - 1)])
      committedPosition = max(committedPosition, writer.position)
      if disk.fault == nil { try requireTidiness(on: disk, afterStart: false) }
    } catch {
      try expect(error)
      writer.abandon()
    }
  }

  /// Tries to get out of a failure.
  func heal() throws {
    guard let store, store.failure != nil else { return }
    do {
      try store.heal()
      branch = timeline
      acknowledgedCount = max(acknowledgedCount, timeline.count)
      try require(store.durableSequence == UInt64(timeline.count), "healed at \(store.durableSequence)")
      try require(store.nextSequence == UInt64(timeline.count) + 1, "healed before \(store.nextSequence)")
    } catch { try expect(error) }
  }

  func close() throws {
    guard let store else { return }
    do {
      try store.close()
      acknowledgedCount = timeline.count
      self.store = nil
      writer = nil
    } catch {
      try expect(error)
      try rollBackIfFailed()
    }
  }

  /// The process or the machine goes down and the store is opened again.
  func crash(ofMachine: Bool) throws {
    store = nil
    writer = nil
    disk.crash(ofMachine: ofMachine)
    try open()
  }

  /// A healthy store has nothing that verification finds fault with.
  func verify() throws {
    guard let store, store.failure == nil, disk.fault == nil else { return }
    try requireHealth(on: disk)
  }

  /// Lets another world go down at this moment, process or machine, and after that the machine again: the store must be
  /// there each time, with all that was acknowledged. This world goes on.
  func foresee(seed: UInt64) throws {
    for isMachine in [false, true] {
      let other = disk.copy(seed: seed)
      var count = acknowledgedCount
      // What was read once, by a store that could be written, is there for good.
      for isMachine in [isMachine, true] {
        other.crash(ofMachine: isMachine)
        let (_, recovery) = try opened(other)
        let found = try examine(recovery, on: other)
        try require(found >= count, "\(found) records are there, \(count) were")
        try require(recovery.writeFailure == nil, "opened read-only without a fault: \(recovery)")
        try requireHealth(on: other)
        try requireTidiness(on: other)
        count = found
      }
    }
  }

  /// The same when each start but the last is cut short, at every operation of it in turn.
  func foreseeInterruptedStarts(seed: UInt64) throws {
    var (number, wasInterrupted) = (0, true)
    while wasInterrupted {
      number += 1
      let other = disk.copy(seed: seed &+ UInt64(number))
      other.crash(ofMachine: false)
      other.fault = .die(at: number)
      _ = try? Store.open(Self.directory, on: other, identity: 77, segmentByteLimit: segmentByteLimit)
      wasInterrupted = other.isDead
      other.crash(ofMachine: true)
      _ = try examine(try opened(other).recovery, on: other)
      try requireHealth(on: other)
    }
  }

  /// The same when each operation of a start fails in turn: healed, the store goes on, and takes a checkpoint.
  func foreseeFailingStarts(seed: UInt64) throws {
    var (number, hasFailed) = (0, true)
    while hasFailed {
      number += 1
      let other = disk.copy(seed: seed &+ UInt64(number))
      other.crash(ofMachine: false)
      other.fault = .fail(number...number, errno: EIO)
      let opened = try? Store.open(Self.directory, on: other, identity: 77, segmentByteLimit: segmentByteLimit)
      hasFailed = other.hasFailed
      other.fault = nil
      var position: UInt64?
      if let (store, recovery) = opened { position = try goOn(store, with: recovery, on: other) }
      other.crash(ofMachine: true)
      let (_, recovery) = try self.opened(other)
      try requireHealth(on: other)
      try requireTidiness(on: other)
      if let position {
        try require(recovery.checkpoint?.position == position, "the checkpoint at \(position) is lost")
      } else {
        _ = try examine(recovery, on: other)
      }
    }
  }

  /// - Returns: the position of the checkpoint that was taken.
  private func goOn(_ store: Store, with recovery: Recovery, on disk: SimulatedDisk) throws -> UInt64 {
    let count = try examine(recovery, on: disk)
    do {
      try store.heal()
      try require(store.durableSequence == UInt64(count), "healed at \(store.durableSequence) of \(count)")
      let sequence = try store.append([1])
      try require(sequence == UInt64(count) + 1, "appended as \(sequence) after \(count)")
      _ = try store.synchronize()
      let other = disk.copy(seed: sequence)
      other.crash(ofMachine: true)
      let found = try opened(other).recovery
      try require(found.checkpoint == recovery.checkpoint, "another checkpoint than before is there")
      try require(found.records.dropLast() == recovery.records[...], "other records than before are there")
      try require(found.records.last?.payload == [1], "the record is not there")
      let writer = try store.beginCheckpoint(byteCount: 1)
      try writer.write([1], to: "state.bin")
      try writer.commit()
      return writer.position
    } catch let error as StorageError { throw Violation(description: "does not go on: \(error)") }
  }

  private func opened(_ disk: SimulatedDisk) throws -> (store: Store, recovery: Recovery) {
    do {
      return try Store.open(Self.directory, on: disk, identity: 77, segmentByteLimit: segmentByteLimit)
    } catch { throw Violation(description: "not opened after a crash: \(error)") }
  }
}

// MARK: - What must be true

extension StoreDriver {
  /// Compares what was found with what must be there, and goes on from it.
  private func check(_ recovery: Recovery, isLongest: Bool) throws {
    timeline = Array(branch[..<(try examine(recovery, on: disk))])
    if isLongest { branch = timeline }
  }

  /// - Returns: how many records were found.
  private func examine(_ recovery: Recovery, on disk: SimulatedDisk) throws -> Int {
    let position = recovery.checkpoint?.position ?? 1
    try require(position >= committedPosition, "the checkpoint at \(committedPosition) is lost, \(position) is there")
    let count = Int(position) - 1 + recovery.records.count
    try require(count >= acknowledgedCount, "\(count) records are there, \(acknowledgedCount) were acknowledged")
    try require(count <= branch.count, "\(count) records are there, at most \(branch.count) were written")
    for (index, record) in recovery.records.enumerated() {
      try require(record.sequence == position + UInt64(index), "record \(record.sequence) in place \(index)")
      try require(record.payload == branch[Int(record.sequence) - 1], "record \(record.sequence) differs")
    }
    if let checkpoint = recovery.checkpoint {
      let bytes = try disk.read("\(Self.directory)/\(checkpoint.directory)/state.bin", byteLimit: .max)
      try require(bytes == Self.image(of: branch[..<(Int(position) - 1)]), "the checkpoint's content differs")
      try require(checkpoint.notes == ["count": JSONValue(Int(position) - 1)], "the notes differ")
    }
    return count
  }

  /// Nothing that is needed is damaged, and no journal ends in what nobody is writing.
  private func requireHealth(on disk: SimulatedDisk) throws {
    guard let report = try Store.verify(Self.directory, on: disk) else {
      throw Violation(description: "verification found no store")
    }
    try require(report.findings.allSatisfy { $0.kind == .harmless }, "verification found \(report.findings)")
  }

  /// Nothing is left that nothing needs: the disk would fill up with it.
  ///
  /// - Parameter isStart: whether the store was just opened: only a start clears away what a failing disk left half made.
  private func requireTidiness(on disk: SimulatedDisk, afterStart isStart: Bool = true) throws {
    guard let manifest = try StoreContents.readManifest(Self.directory, on: disk) else {
      throw Violation(description: "there is no manifest")
    }
    let kept = manifest.checkpoints.map { String($0.number) }.sorted()
    let checkpoints = try disk.list("\(Self.directory)/checkpoints") ?? []
    try require(checkpoints.sorted() == kept, "checkpoints \(checkpoints) are there, \(kept) count")
    let journal = try disk.list("\(Self.directory)/journal") ?? []
    let segments = journal.compactMap(JournalFormat.firstSequence(inName:))
    let others = journal.count { $0 != DurableMark.name && (isStart || !$0.hasSuffix(Store.temporarySuffix)) }
    try require(others == segments.count, "the journal's directory has \(journal)")
    let early = segments.count { $0 <= manifest.oldestPosition }
    try require(early == 1, "\(early) segments begin before all that is needed")
  }

  /// What could not be written whole was taken back, unless the store says that it failed.
  private func requireWholeEnd() throws {
    guard let store, store.failure == nil, !disk.isDead else { return }
    try requireHealth(on: disk)
  }

  /// What an owner does when the store has failed: back to what is durable. Until it is healed the rest may come back.
  private func rollBackIfFailed() throws {
    guard let store, store.failure != nil, !disk.isDead else { return }
    let longest = branch
    do {
      try check(try store.recovery(), isLongest: false)
      let isCarrying = timeline.count > Int(store.durableSequence)
      try require(
        isCarrying || timeline.count == Int(store.durableSequence),
        "recovered \(timeline.count), durable \(store.durableSequence)")
    } catch let error as StorageError { try expect(error) }
    branch = longest
  }

  private func add(_ payload: [UInt8]) {
    timeline.append(payload)
    branch = timeline
  }

  private func nextPayload(byteCount: Int) -> [UInt8] {
    payloadNumber += 1
    let number = payloadNumber
    let head = (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    let start = Int.random(in: 0...(Self.noise.count - byteCount), using: &generator)
    return head + Self.noise[start..<(start + byteCount)]
  }

  /// Random bytes, of which payloads are pieces.
  private static let noise: [UInt8] = {
    var generator = SeededGenerator(seed: 3)
    return (0..<10_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
  }()

  /// The owner's checkpoint: as much as these payloads amount to.
  private static func image(of payloads: ArraySlice<[UInt8]>) -> [UInt8] {
    var checksum = CRC32C()
    for payload in payloads { checksum.update(payload.span) }
    let line = "\(payloads.count) records with checksum \(checksum.value)\n"
    return Array(String(repeating: line, count: 1 + payloads.count % 40).utf8)
  }

  /// Damage is never to be expected, a failing disk only when it was told to fail.
  private func expect(_ error: any Error) throws {
    guard let error = error as? StorageError else { throw error }
    if case .corrupt = error { throw Violation(description: "damage where there is none: \(error)") }
    try require(isFaulty, "an error without a fault: \(error)")
  }

  private func require(_ condition: Bool, _ what: @autoclosure () -> String) throws {
    if !condition { throw Violation(description: what()) }
  }
}
