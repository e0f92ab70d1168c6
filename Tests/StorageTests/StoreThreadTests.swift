import Synchronization
import System
import TestSupport
import Testing

@testable import Storage

@Suite("A store and its threads")
struct StoreThreadTests {
  @Test("Records are appended and checkpoints written while other threads sync: all is there, in order")
  func appendsWhileSyncing() throws {
    let directory = try TemporaryDirectory()
    let (store, _) = try Store.open(directory["model"], on: SystemDisk(), segmentByteLimit: 2000)
    let isOver = Flag()
    let synced = Sequences()
    let synchronizing: @Sendable () -> Void = {
      while !isOver.value.load(ordering: .acquiring) {
        guard let sequence = try? store.synchronize() else { return }
        synced.all.withLock { $0.append(sequence) }
      }
    }
    let first = try ServiceThread(name: "test sync", body: synchronizing)
    let second = try ServiceThread(name: "test sync", body: synchronizing)
    let count = 600
    for number in 0..<count {
      _ = try store.append(Array("record \(number)".utf8))
      guard number % 200 == 100 else { continue }
      let writer = try store.beginCheckpoint(byteCount: 10)
      try writer.write([1], to: "a")
      try writer.commit()
    }
    #expect(try store.synchronize() == UInt64(count))
    isOver.value.store(true, ordering: .releasing)
    first.join()
    second.join()
    #expect(synced.all.withLock { $0.allSatisfy { $0 <= UInt64(count) } })
    let (_, recovery) = try Store.open(directory["model"], on: SystemDisk())
    #expect(recovery.checkpoint?.position == 502)
    #expect(recovery.records.map(\.payload) == (501..<count).map { Array("record \($0)".utf8) })
    #expect(recovery.cut == nil)
  }

  private final class Flag: Sendable { let value = Atomic(false) }

  private final class Sequences: Sendable { let all = Monitor<[UInt64]>([]) }

  @Test("A sync that fails on one thread is told to all, and nothing is acknowledged until the store is healed")
  func failureIsShared() throws {
    let disk = SimulatedDisk(seed: 1)
    let (store, _) = try Store.open("/model", on: disk)
    _ = try store.append([1])
    #expect(try store.synchronize() == 1)
    _ = try store.append([2])
    disk.fault = .fail((disk.operationCount + 1)...(disk.operationCount + 1), errno: 5)
    #expect(throws: StorageError.self) { try store.synchronize() }
    // The disk works again, but what became of record 2 nobody knows.
    #expect(throws: StorageError.self) { try store.synchronize() }
    #expect(throws: StorageError.self) { try store.append([3]) }
    #expect(throws: StorageError.self) { try store.buffer([3]) }
    #expect(throws: StorageError.self) { try store.beginCheckpoint(byteCount: 0) }
    #expect(store.durableSequence == 1)
    #expect(try store.recovery().records.map(\.payload) == [[1]])
    try store.heal()
    #expect(try store.append([4]) == 2)
    #expect(try store.synchronize() == 2)
    disk.crash(ofMachine: true)
    #expect(try Store.open("/model", on: disk).recovery.records.map(\.payload) == [[1], [4]])
  }

  @Test("A sync does not stand for what was appended while it went on")
  func appendsWithinSync() throws {
    let disk = SimulatedDisk(seed: 1)
    let (store, _) = try Store.open("/model", on: disk)
    #expect(try store.append([1]) == 1)
    disk.afterNextSync = { _ = try? store.append([2]) }
    #expect(try store.synchronize() == 1)
    #expect(store.nextSequence == 3)
    #expect(store.durableSequence == 1)
    #expect(try store.synchronize() == 2)
    disk.crash(ofMachine: true)
    #expect(try Store.open("/model", on: disk).recovery.records.map(\.payload) == [[1], [2]])
  }
}
