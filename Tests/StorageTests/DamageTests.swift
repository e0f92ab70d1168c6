import Foundation
import JSON
import System
import TestSupport
import Testing

@testable import Storage

/// Every byte of every file changed, every file cut at every length: an error or the right answer.
///
/// The short form changes each byte in one way, `RNND_LONG_TESTS=1` in eight.
@Suite("Damage to a store")
struct DamageTests {
  private static let directory = "/models/model"
  private static let identity: UInt64 = 0x0123_4567_89AB_CDEF
  private let disk: SimulatedDisk
  private let files: [String: [UInt8]]
  private let expected: Found

  /// What a recovery amounts to.
  private struct Found: Equatable {
    let checkpoint: Checkpoint?
    let records: [JournalRecord]

    init(_ recovery: Recovery) {
      checkpoint = recovery.checkpoint
      records = recovery.records
    }
  }

  /// A small store with two checkpoints and three segments. Its owner died after the last acknowledgement: nothing was
  /// closed.
  init() throws {
    disk = SimulatedDisk(seed: 1)
    try disk.createDirectory("/models")
    try disk.synchronizeDirectory("/")
    let (store, _) = try Store.open(Self.directory, on: disk, identity: Self.identity)
    for round in 0..<3 as Range<UInt8> {
      let writer = try store.beginCheckpoint(byteCount: 0)
      try writer.write([UInt8](repeating: round, count: 20), to: "model.safetensors")
      try writer.write(Array("{}".utf8), to: "config.json")
      try writer.commit(notes: ["step": JSONValue(round)])
      for number in 0..<3 as Range<UInt8> { _ = try store.append([round, number, 7]) }
      _ = try store.synchronize()
    }
    files = disk.contents().filter {
      !$0.key.hasSuffix("/model/model.safetensors") && !$0.key.hasSuffix("/model/config.json")
    }
    expected = Found(try Store.open(Self.directory, on: disk.copy(seed: 1)).recovery)
    #expect(expected.records.count == 3)
    #expect(expected.checkpoint?.number == 3)
  }

  /// Opens a copy of the store with one file changed; nil when that is refused as damage.
  private func open(_ path: String, holding bytes: [UInt8]?) throws -> Found? {
    let copy = disk.copy(seed: 1)
    if let bytes { copy.overwrite(path, with: bytes) } else { try copy.remove(path) }
    do { return Found(try Store.open(Self.directory, on: copy).recovery) } catch StorageError.corrupt { return nil }
  }

  private func report(_ path: String, holding bytes: [UInt8]) throws -> StoreReport? {
    let copy = disk.copy(seed: 1)
    copy.overwrite(path, with: bytes)
    return try Store.verify(Self.directory, on: copy)
  }

  /// Whether something depends on a byte: all do but the empty space in the durable mark.
  private static func counts(_ path: String, _ offset: Int) -> Bool {
    !path.hasSuffix(DurableMark.name) || offset % 512 < 20
  }

  @Test("Any byte changed in any file is refused or changes nothing, and verification finds it")
  func everyByte() throws {
    let isLong = ProcessInfo.processInfo.environment["RNND_LONG_TESTS"] == "1"
    #expect(files.count == 10)
    for (path, bytes) in files {
      for offset in bytes.indices {
        for bit in isLong ? Array(0..<8) : [offset % 8] {
          var changed = bytes
          // One bit, and every third time all from it on.
          changed[offset] ^= offset % 3 == 0 ? 0xFF << UInt8(bit) : 1 << UInt8(bit)
          let found = try open(path, holding: changed)
          #expect(found == nil || found == expected, "\(path) byte \(offset) bit \(bit)")
          guard Self.counts(path, offset) else { continue }
          let report = try report(path, holding: changed)
          #expect(report?.findings.isEmpty == false, "\(path) byte \(offset) bit \(bit)")
        }
      }
    }
  }

  @Test("Any file cut at any length, or gone, is refused or changes nothing")
  func everyLength() throws {
    for (path, bytes) in files {
      for count in bytes.indices {
        let found = try open(path, holding: Array(bytes[..<count]))
        #expect(found == nil || found == expected, "\(path) cut at \(count)")
      }
      let found = try open(path, holding: nil)
      #expect(found == nil || found == expected, "\(path) gone")
    }
  }

  @Test("Damage to a checkpoint's file is told with the block where it begins")
  func damagedBlock() throws {
    let block = BlockChecksums.blockByteCount
    var generator = SeededGenerator(seed: 11)
    for byteCount in [1, block - 1, block, block + 1, 3 * block, 3 * block + 5] {
      let disk = SimulatedDisk(seed: 1)
      try disk.createDirectory("/models")
      let (store, _) = try Store.open(Self.directory, on: disk)
      let writer = try store.beginCheckpoint(byteCount: byteCount)
      let bytes = (0..<byteCount).map { _ in UInt8.random(in: 0...255, using: &generator) }
      let file = try writer.create("model.safetensors")
      // In pieces that end where no block does.
      for start in stride(from: 0, to: byteCount, by: 30_011) {
        try file.write(bytes.span.extracting(start..<min(byteCount, start + 30_011)))
      }
      try file.finish()
      try writer.commit()
      #expect(try Store.verify(Self.directory, on: disk)?.findings == [])
      let checksums = stride(from: 0, to: byteCount, by: block).map { start in
        CRC32C.of(bytes.span.extracting(start..<min(byteCount, start + block)))
      }
      #expect(try StoreContents.readManifest(Self.directory, on: disk)?.checkpoints[0].files[0].checksums == checksums)
      let path = "checkpoints/1/model.safetensors"
      func expectDamage(at offset: Int, _ changed: [UInt8]) throws {
        let copy = disk.copy(seed: 1)
        copy.overwrite("\(Self.directory)/\(path)", with: changed)
        let found = try Store.verify(Self.directory, on: copy)?.findings.map { [$0.file, "\($0.offset)"] }
        #expect(found == [[path, "\(offset)"]], "\(byteCount) bytes")
        #expect {
          try Store.open(Self.directory, on: copy)
        } throws: {
          guard case .corrupt(path, offset, _)? = $0 as? StorageError else { return false }
          return true
        }
      }
      for offset in Set([0, block - 1, block, 2 * block + 7, byteCount - 1]) where offset < byteCount {
        var changed = bytes
        changed[offset] ^= 0x10
        // What is damaged behind it does not hide it.
        changed[byteCount - 1] ^= 0x01
        try expectDamage(at: offset / block * block, changed)
        try expectDamage(at: offset, Array(bytes[..<offset]))
        guard offset < byteCount / block * block else { continue }
        try expectDamage(at: offset / block * block, changed + [0])
      }
      try expectDamage(at: byteCount, bytes + [0])
    }
  }

  @Test("The last acknowledged record is refused when any bit of it changes or any of it is missing")
  func lastRecord() throws {
    let path = "\(Self.directory)/\(JournalContents.file(7))"
    let bytes = try #require(files[path])
    let start = bytes.count - 27
    for offset in start..<bytes.count {
      for bit in 0..<8 as Range<UInt8> {
        var changed = bytes
        changed[offset] ^= 1 << bit
        #expect(try open(path, holding: changed) == nil)
      }
      #expect(try open(path, holding: Array(bytes[..<offset])) == nil)
    }
  }

  @Test("Without the mark the newest records still vouch for those of earlier syncs")
  func recordsVouch() throws {
    let copy = disk.copy(seed: 1)
    let mark = "\(Self.directory)/journal/\(DurableMark.name)"
    try copy.remove(mark)
    // Nothing says any more that records 7 to 9 are durable, so they are written anew.
    let (store, recovery) = try Store.open(Self.directory, on: copy)
    #expect(Found(recovery) == expected)
    #expect(store.durableSequence == 9)
    for number in 10...11 as ClosedRange<UInt8> {
      _ = try store.append([number, 0, 0])
      _ = try store.synchronize()
    }
    _ = try store.append([12])
    try copy.remove(mark)
    let path = "\(Self.directory)/\(JournalContents.file(7))"
    var bytes = try #require(try copy.read(path, byteLimit: 1000))
    // The payload of record 10.
    bytes[JournalFormat.segmentHeaderByteCount + 3 * 27 + 24] ^= 1
    copy.overwrite(path, with: bytes)
    let error = #expect(throws: StorageError.self) { try Store.open(Self.directory, on: copy) }
    guard case .corrupt(_, JournalFormat.segmentHeaderByteCount + 3 * 27, _) = error else {
      Issue.record("unexpected \(String(describing: error))")
      return
    }
  }

  @Test("A record that was never acknowledged and is torn is cut, and the cut is told", arguments: 0..<27)
  func tornEnd(keptByteCount: Int) throws {
    let copy = disk.copy(seed: 1)
    let (store, _) = try Store.open(Self.directory, on: copy)
    let path = "\(Self.directory)/\(JournalContents.file(store.nextSequence))"
    _ = try store.append([1, 2, 3])
    let bytes = try #require(try copy.read(path, byteLimit: 1000))
    copy.overwrite(path, with: Array(bytes[..<(bytes.count - 27 + keptByteCount)]))
    let report = try #require(try Store.verify(Self.directory, on: copy))
    #expect(!report.isDamaged)
    #expect(report.findings.map(\.kind) == (keptByteCount == 0 ? [] : [.tornEnd]))
    let recovery = try Store.open(Self.directory, on: copy).recovery
    #expect(recovery.records == expected.records)
    #expect(recovery.cut?.byteCount == (keptByteCount == 0 ? nil : keptByteCount))
    // It is told once.
    #expect(try Store.open(Self.directory, on: copy).recovery.cut == nil)
  }

  @Test("A segment of another store, or under another's name, is refused though it is whole")
  func misplacedSegment() throws {
    func segment(identity: UInt64, first: UInt64) -> [UInt8] {
      let records = (first...9).map { JournalRecord(sequence: $0, payload: [1, 2, 3]) }
      return JournalFormat.segment(identity: identity, first: first, records)
    }
    let path = "\(Self.directory)/\(JournalContents.file(7))"
    #expect(try open(path, holding: segment(identity: Self.identity, first: 7)) != nil)
    #expect(try open(path, holding: segment(identity: 99, first: 7)) == nil)
    for first in [1, 6, 8] as [UInt64] {
      #expect(try open(path, holding: segment(identity: Self.identity, first: first)) == nil)
    }
  }

  @Test("A mark of another store says nothing, and one of this store is believed")
  func foreignMark() throws {
    let path = "\(Self.directory)/journal/\(DurableMark.name)"
    #expect(try open(path, holding: DurableMark.slotBytes(identity: 99, sequence: 1000)) == expected)
    #expect(try open(path, holding: DurableMark.slotBytes(identity: Self.identity, sequence: 1000)) == nil)
  }

  @Test("Where records before the newest checkpoint's position are missing it is refused, also when nothing vouches")
  func missingPosition() throws {
    let damaged = disk.copy(seed: 1)
    try damaged.remove("\(Self.directory)/journal/\(DurableMark.name)")
    try damaged.remove("\(Self.directory)/\(JournalContents.file(7))")
    let before = "\(Self.directory)/\(JournalContents.file(4))"
    damaged.overwrite(before, with: try #require(files[before]).dropLast(27))
    #expect(throws: StorageError.self) { try Store.open(Self.directory, on: damaged) }
  }

  @Test("A record within the payload of a torn one does not count as one of the journal's")
  func recordInPayload() throws {
    let copy = disk.copy(seed: 1)
    let (store, _) = try Store.open(Self.directory, on: copy)
    let path = "\(Self.directory)/\(JournalContents.file(store.nextSequence))"
    for identity in [0, 1, 99] as [UInt64] {
      var payload: [UInt8] = []
      // It claims that the record around it was durable.
      JournalFormat.append(
        [1, 2, 3], sequence: store.nextSequence + 1, durable: store.nextSequence, identity: identity, to: &payload)
      _ = try store.append(payload + [4, 5, 6])
      let torn = copy.copy(seed: 1)
      torn.overwrite(path, with: try #require(try copy.read(path, byteLimit: 1000)).dropLast(1))
      let recovery = try Store.open(Self.directory, on: torn).recovery
      #expect(recovery.records.last?.sequence == store.nextSequence - 2)
      #expect(recovery.cut != nil)
    }
    // The same record of two stores has two checksums.
    let records = (1...2 as ClosedRange<UInt64>).map { identity in
      var record: [UInt8] = []
      JournalFormat.append([7], sequence: 1, durable: 0, identity: identity, to: &record)
      return record
    }
    #expect(records[0] != records[1])
  }

  @Test("A torn end that is made of false headers is not searched for ever, and not cut")
  func falseHeaders() throws {
    var bytes = JournalFormat.segment(identity: 1, first: 1, [JournalRecord(sequence: 1, payload: [1])])
    bytes += [0xFF, 0xFF, 0xFF, 0xFF]
    let headerCount = 1000
    for left in (0..<headerCount).reversed() {
      bytes.append(number: UInt32(left * JournalFormat.recordHeaderByteCount))
      bytes.append(number: UInt32(0))
      bytes.append(number: UInt64(3))
      bytes.append(number: UInt64(0))
    }
    let reader = try JournalReader(bytes)
    #expect(reader.records.count == 1)
    #expect(reader.evidence == 2)
  }

  @Test("Bytes that are no segment, and segments with random damage, are read without harm")
  func reader() throws {
    var generator = SeededGenerator(seed: 5)
    let records = (1...20).map { JournalRecord(sequence: $0, payload: [UInt8](repeating: UInt8($0), count: Int($0))) }
    let whole = JournalFormat.segment(identity: 1, first: 1, records)
    for _ in 0..<2000 {
      var bytes = whole
      for _ in 0..<Int.random(in: 0...3, using: &generator) {
        let offset = Int.random(in: bytes.indices, using: &generator)
        if Bool.random(using: &generator) {
          bytes[offset] = UInt8.random(in: 0...255, using: &generator)
        } else {
          bytes.removeSubrange(offset..<min(bytes.count, offset + Int.random(in: 0...9, using: &generator)))
        }
        if bytes.isEmpty { break }
      }
      guard let reader = try? JournalReader(bytes) else { continue }
      #expect(reader.records == Array(records.prefix(reader.records.count)))
      #expect(reader.endOffset + reader.restByteCount == bytes.count)
    }
    for count in 0..<200 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      #expect((try? JournalReader(bytes)) == nil)
    }
  }
}

// MARK: - The mark

extension DamageTests {
  private func mark(on disk: SimulatedDisk) throws -> (bytes: [UInt8], mark: DurableMark) {
    let bytes = try #require(try disk.read("\(Self.directory)/journal/\(DurableMark.name)", byteLimit: 1000))
    return (bytes, DurableMark(bytes, identity: Self.identity))
  }

  /// What one slot says when the other is lost.
  private func sequences(_ bytes: [UInt8]) -> [UInt64] {
    (0..<2).map { lost in
      var bytes = bytes
      bytes[DurableMark.offset(ofSlot: lost)] ^= 1
      return DurableMark(bytes, identity: Self.identity).sequence
    }
  }

  @Test("Of the mark's two slots the older is overwritten, also by the next process: the last two syncs are there")
  func slots() throws {
    let disk = disk.copy(seed: 1)
    var last: UInt64 = 9
    for _ in 0..<3 {
      let (store, _) = try Store.open(Self.directory, on: disk)
      // Its segment began with a note of its own, beside the one that was there.
      #expect(try sequences(mark(on: disk).bytes) == [last, last])
      for _ in 0..<3 {
        _ = try store.append([1])
        #expect(try store.synchronize() == last + 1)
        #expect(Set(try sequences(mark(on: disk).bytes)) == [last, last + 1])
        last += 1
      }
    }
  }

  @Test("A checkpoint's beginning and a close leave the mark on the disk itself", arguments: [false, true])
  func markIsDurable(closes: Bool) throws {
    for seed in 0..<20 as Range<UInt64> {
      let disk = disk.copy(seed: seed)
      let (store, _) = try Store.open(Self.directory, on: disk)
      for _ in 0..<2 {
        _ = try store.append([1])
        _ = try store.synchronize()
      }
      if closes { try store.close() } else { _ = try store.beginCheckpoint(byteCount: 0) }
      disk.crash(ofMachine: true)
      #expect(try mark(on: disk).mark.sequence == 11)
    }
  }
}

// MARK: - Salvage

extension DamageTests {
  private static let copyDirectory = "/models/copy"

  /// Salvages the store with some files changed, and opens the copy.
  private func salvage(_ changes: [String: [UInt8]]) throws -> (report: SalvageReport, found: Found) {
    let damaged = disk.copy(seed: 1)
    for (path, bytes) in changes { damaged.overwrite("\(Self.directory)/\(path)", with: bytes) }
    let before = damaged.contents().filter { $0.key.hasPrefix(Self.directory) }
    let report = try Store.salvage(Self.directory, into: Self.copyDirectory, on: damaged)
    #expect(damaged.contents().filter { $0.key.hasPrefix(Self.directory) } == before, "the original was touched")
    damaged.crash(ofMachine: true)
    #expect(try Store.verify(Self.copyDirectory, on: damaged)?.findings == [])
    return (report, Found(try Store.open(Self.copyDirectory, on: damaged).recovery))
  }

  @Test("A whole store is salvaged whole")
  func salvagesWhole() throws {
    let (report, found) = try salvage([:])
    #expect(found == expected)
    #expect(report.findings.isEmpty)
    #expect(report.checkpointNumber == 3)
    #expect(report.recordCount == 3)
    #expect(report.lastSequence == 9)
  }

  @Test("With the newest checkpoint damaged, the older one and the journal since give the same state")
  func salvagesFromOlder() throws {
    let (report, found) = try salvage(["checkpoints/3/model.safetensors": [0]])
    #expect(report.checkpointNumber == 2)
    #expect(report.lastSequence == 9)
    #expect(report.findings.count == 1)
    #expect(found.checkpoint?.number == 2)
    #expect(found.records.map(\.sequence) == Array(4...9))
    #expect(found.records.suffix(3) == expected.records[...])
  }

  @Test("Without a readable manifest the checkpoints speak for themselves")
  func salvagesWithoutManifest() throws {
    let (report, found) = try salvage(["manifest.json": Array("{".utf8)])
    #expect(found == expected)
    #expect(report.findings.map(\.file) == ["manifest.json"])
  }

  @Test("With a record damaged, those before it are kept")
  func salvagesRecords() throws {
    let file = JournalContents.file(7)
    var bytes = try #require(files["\(Self.directory)/\(file)"])
    bytes[bytes.count - 30] ^= 4
    let (report, found) = try salvage([file: bytes])
    #expect(found.records == Array(expected.records.prefix(1)))
    #expect(report.lastSequence == 7)
    #expect(report.findings.map(\.offset) == [JournalFormat.segmentHeaderByteCount + 27])
  }

  @Test("A checkpoint that describes itself as another store's is not salvaged")
  func salvagesNothingForeign() throws {
    let described = try #require(
      try Checkpoint.readDescription(3, in: Self.directory, on: disk)?.checkpoint)
    let foreign = Manifest(identity: 99, checkpoints: [described]).bytes
    let (report, found) = try salvage(["checkpoints/3/checkpoint.json": foreign])
    #expect(report.findings.map(\.file) == ["checkpoints/3/checkpoint.json"])
    #expect(report.lastSequence == 9)
    #expect(found.records.suffix(3) == expected.records[...])
  }

  @Test("Nothing is salvaged over what exists, nor when no checkpoint is whole")
  func refusesSalvage() throws {
    let damaged = disk.copy(seed: 1)
    #expect(throws: StorageError.exists(path: "/models")) {
      try Store.salvage(Self.directory, into: "/models", on: damaged)
    }
    for number in 2...3 { damaged.overwrite("\(Self.directory)/checkpoints/\(number)/config.json", with: [1]) }
    #expect(throws: StorageError.nothingWhole(path: Self.directory)) {
      try Store.salvage(Self.directory, into: Self.copyDirectory, on: damaged)
    }
    #expect(try damaged.list(Self.copyDirectory) == nil)
  }
}
