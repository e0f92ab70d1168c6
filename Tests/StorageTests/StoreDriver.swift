import JSON
import Storage
import System
import TestSupport

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
        // What was read is durable from now on, and nothing else may come back.
        acknowledgedCount = count
        branch = timeline
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
    guard let report = try Store.verify(Self.directory, on: disk) else {
      throw Violation(description: "verification found no store")
    }
    try require(!report.isDamaged, "verification found \(report.findings)")
  }
}

// MARK: - What must be true

extension StoreDriver {
  private func check(_ recovery: Recovery, isLongest: Bool) throws {
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
    timeline = Array(branch[..<count])
    if isLongest { branch = timeline }
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
