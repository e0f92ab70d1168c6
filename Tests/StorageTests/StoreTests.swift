import JSON
import System
import TestSupport
import Testing

@testable import Storage

@Suite("Store")
struct StoreTests {
  private let root: TemporaryDirectory
  private var path: String { root["model"] }

  init() throws { root = try TemporaryDirectory() }

  private func open(segmentByteLimit: Int = 1 << 20) throws -> (store: Store, recovery: Recovery) {
    try Store.open(path, on: SystemDisk(), identity: 7, segmentByteLimit: segmentByteLimit)
  }

  private func payload(_ number: Int) -> [UInt8] { Array("record \(number)".utf8) }

  @Test("A new store is empty, private, and opens again empty")
  func empty() throws {
    for _ in 0..<2 {
      let (store, recovery) = try open()
      #expect(recovery.checkpoint == nil)
      #expect(recovery.records.isEmpty)
      #expect(recovery.cut == nil)
      #expect(recovery.writeFailure == nil)
      #expect(store.nextSequence == 1)
      #expect(store.durableSequence == 0)
    }
    #expect(try FileSystem.status(of: path)?.permissions == 0o700)
    for name in ["manifest.json", "journal/SYNCED", "journal/00000000000000000001.log"] {
      #expect(try FileSystem.status(of: "\(path)/\(name)")?.permissions == 0o600)
    }
  }

  @Test(
    "Records come back in order, equal to the byte, over several openings and segments", arguments: [1, 100, 1 << 20])
  func records(segmentByteLimit: Int) throws {
    for round in 0..<3 {
      let (store, recovery) = try open(segmentByteLimit: segmentByteLimit)
      #expect(recovery.records.map(\.payload) == (0..<(round * 10)).map(payload))
      #expect(recovery.records.map(\.sequence) == (0..<(round * 10)).map { UInt64($0 + 1) })
      for number in (round * 10)..<(round * 10 + 10) {
        #expect(try store.append(payload(number)) == UInt64(number + 1))
      }
      #expect(try store.synchronize() == UInt64(round * 10 + 10))
      #expect(store.recordCountSinceCheckpoint == round * 10 + 10)
      // Full segments are ended: of one byte each record has its own, the others are ended by the next opening.
      let names = try FileSystem.list("\(path)/journal").filter { $0.hasSuffix(".log") }
      #expect(segmentByteLimit > 1 || names.count == round * 10 + 10)
    }
  }

  @Test("Empty and large payloads fit; one that is too large is refused and changes nothing")
  func sizes() throws {
    let (store, _) = try open()
    let payloads = [[], [UInt8](repeating: 3, count: JournalFormat.payloadByteLimit), [1]]
    for payload in payloads { _ = try store.append(payload) }
    #expect(throws: StorageError.self) {
      try store.append([UInt8](repeating: 0, count: JournalFormat.payloadByteLimit + 1))
    }
    _ = try store.append([2])
    try store.close()
    #expect(try open().recovery.records.map(\.payload) == payloads + [[2]])
  }

  @Test("Buffered records are written with the next append and by a sync")
  func buffers() throws {
    let (store, _) = try open()
    #expect(try store.buffer(payload(0)) == 1)
    #expect(try store.append(payload(1)) == 2)
    #expect(try store.buffer(payload(2)) == 3)
    #expect(try store.synchronize() == 3)
    _ = try store.buffer(payload(3))
    // Nobody has written the last one.
    #expect(try open().recovery.records.map(\.payload) == (0..<3).map(payload))
  }

  @Test("A checkpoint stands for the records before it; two are kept with the journal of the older one")
  func checkpoints() throws {
    let (store, _) = try open()
    for number in 0..<5 {
      _ = try store.append(payload(number))
      let writer = try store.beginCheckpoint(byteCount: 100)
      _ = try store.append(payload(100 + number))
      try writer.write(Array("weights \(number)".utf8), to: "model.safetensors")
      try writer.commit(notes: ["step": JSONValue(number)])
    }
    _ = try store.synchronize()
    let recordByteCount = JournalFormat.recordHeaderByteCount + payload(104).count
    #expect(store.recordCountSinceCheckpoint == 1)
    #expect(store.journalByteCount == recordByteCount)
    let recovery = try open().recovery
    #expect(recovery.checkpoint?.number == 5)
    #expect(recovery.checkpoint?.position == 10)
    #expect(recovery.checkpoint?.notes == ["step": 4])
    #expect(recovery.records.map(\.payload) == [payload(104)])
    #expect(try FileSystem.list("\(path)/checkpoints") == ["4", "5"])
    // Record 8 is the first behind the older checkpoint; 10 began with the newer one, 11 with the opening just now.
    let segments = [8, 10, 11].map(JournalFormat.segmentName(first:))
    #expect(try FileSystem.list("\(path)/journal") == segments + ["SYNCED"])
    let linked = try FileSystem.readFile("\(path)/model.safetensors", byteLimit: 100)
    #expect(linked == Array("weights 4".utf8))
  }

  @Test("A checkpoint that its owner still needs stays beside the last two, with the journal since, until it is let go")
  func keeps() throws {
    let (store, _) = try open()
    func checkpoint(_ number: Int, keeping kept: Int?) throws {
      _ = try store.append(payload(number))
      let writer = try store.beginCheckpoint(byteCount: 100)
      #expect(writer.number == number)
      try writer.write([UInt8(number)], to: "a")
      try writer.commit(keeping: kept)
    }
    for (number, kept) in [(1, nil), (2, 1), (3, 1), (4, 1), (5, 1)] as [(Int, Int?)] {
      try checkpoint(number, keeping: kept)
    }
    #expect(try FileSystem.list("\(path)/checkpoints") == ["1", "4", "5"])
    #expect(try Store.verify(path, on: SystemDisk())?.findings == [])
    let recovery = try store.recovery(from: 1)
    #expect(recovery.checkpoint?.number == 1)
    #expect(recovery.records.map(\.payload) == (2...5).map(payload))
    #expect(throws: StorageError.self) { try store.recovery(from: 2) }
    #expect(try open().recovery.checkpoint?.number == 5)
    try checkpoint(6, keeping: nil)
    #expect(try FileSystem.list("\(path)/checkpoints") == ["5", "6"])
  }

  @Test("A checkpoint that is abandoned leaves nothing, and one that never ended is cleared away at the next start")
  func abandoned() throws {
    let (store, _) = try open()
    let first = try store.beginCheckpoint(byteCount: 0)
    try first.write([1], to: "a")
    first.abandon()
    #expect(try FileSystem.list("\(path)/checkpoints") == [])
    let second = try store.beginCheckpoint(byteCount: 0)
    try second.write([1], to: "a")
    #expect(try open().recovery.checkpoint == nil)
    #expect(try FileSystem.list("\(path)/checkpoints") == [])
  }

  @Test("A checkpoint for which there is no room is refused before anything is written")
  func noRoom() throws {
    let (store, _) = try open()
    for byteCount in [Int.max, Int.max - (32 << 20)] {
      #expect(throws: StorageError.self) { try store.beginCheckpoint(byteCount: byteCount) }
    }
    #expect(try FileSystem.list("\(path)/checkpoints") == [])
    _ = try store.append([1])
  }

  @Test("A manifest whose checkpoints are not the newest first is none, whatever its checksum")
  func manifestOrder() throws {
    func checkpoint(_ number: Int, _ position: UInt64) -> Checkpoint {
      Checkpoint(number: number, position: position, notes: .null, files: [])
    }
    for (newer, older) in [((2, 5), (1, 3)), ((2, 5), (1, 5))] as [((Int, UInt64), (Int, UInt64))] {
      let (newer, older) = (checkpoint(newer.0, newer.1), checkpoint(older.0, older.1))
      let manifest = Manifest(identity: 1, checkpoints: [newer, older])
      #expect(try Manifest(manifest.bytes) == manifest)
      for wrong in [[older, newer], [newer, newer], [checkpoint(3, 4), newer], [checkpoint(2, 6), newer]] {
        let bytes = Manifest(identity: 1, checkpoints: wrong).bytes
        #expect(throws: StorageError.self, "\(wrong)") { try Manifest(bytes) }
      }
    }
  }

  @Test("A directory without a manifest but with a journal or checkpoints is refused")
  func missingManifest() throws {
    _ = try open()
    try FileSystem.removeFile("\(path)/manifest.json")
    let error = #expect(throws: StorageError.self) { try open() }
    guard case .corrupt("manifest.json", 0, _) = error else {
      Issue.record("unexpected \(String(describing: error))")
      return
    }
  }

  @Test("A directory with other files, as PyTorch leaves one, becomes a store and keeps them")
  func adopts() throws {
    try FileSystem.createDirectory(path)
    try AtomicFile.replace("\(path)/model.safetensors", with: [1, 2, 3])
    let (_, recovery) = try open()
    #expect(recovery.checkpoint == nil)
    #expect(try FileSystem.readFile("\(path)/model.safetensors", byteLimit: 10) == [1, 2, 3])
  }
}
