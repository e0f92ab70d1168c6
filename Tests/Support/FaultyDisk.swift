import Glibc
package import Storage
import Synchronization
import System

/// The system's disk, which counts syncs of the journal and can be told to refuse.
package final class FaultyDisk: Disk {
  package enum Fault: Sendable { case none, writes, syncs, reads, all }

  /// Whose syncs can be made to wait.
  package enum Part: Sendable { case journal, checkpoints }

  private struct State {
    var fault = Fault.none
    /// Which operation of that kind fails, counted down; nil for all.
    var remaining: Int?
    var hasFailed = false
    var journalSyncCount = 0
    /// Whose syncs wait.
    var held: Part?
    var heldCount = 0
  }

  private let state = Mutex(State())
  private let disk = SystemDisk()
  /// Held while something on the disk changes.
  private let changes = Mutex(())

  package init() {}

  package var journalSyncCount: Int { state.withLock { $0.journalSyncCount } }

  package var hasFailed: Bool { state.withLock { $0.hasFailed } }

  package func set(_ fault: Fault) { state.withLock { ($0.fault, $0.remaining) = (fault, nil) } }

  /// Lets one operation fail, after so many others of its kind.
  package func fail(_ fault: Fault, inOperation number: Int) {
    state.withLock { ($0.fault, $0.remaining) = (fault, number) }
  }

  /// Has syncs wait until others are held, or none.
  package func hold(_ part: Part?) { state.withLock { ($0.held, $0.heldCount) = (part, 0) } }

  /// How many syncs have waited since.
  package var heldCount: Int { state.withLock { $0.heldCount } }

  /// Does something while nothing on the disk changes: what a crash at this moment would leave is there to be looked at.
  package func whileStill<Value>(_ body: () throws -> Value) rethrows -> Value {
    try changes.withLock { _ in try body() }
  }

  fileprivate func change<Value: Sendable>(
    _ body: () throws(StorageError) -> sending Value
  ) throws(StorageError) -> sending Value {
    try changes.withLock { (_) throws(StorageError) in try body() }
  }

  fileprivate func check(_ fault: Fault) throws(StorageError) {
    let fails = state.withLock { state in
      guard state.fault == fault || state.fault == .all else { return false }
      if let remaining = state.remaining {
        state.remaining = remaining - 1
        guard remaining == 0 else { return false }
      }
      state.hasFailed = true
      return true
    }
    guard fails else { return }
    throw .system(.call(operation: "write", errno: fault == .writes ? ENOSPC : EIO, path: nil))
  }

  fileprivate func noteSync(of part: Part) {
    state.withLock { state in
      if part == .journal { state.journalSyncCount += 1 }
      if part == state.held { state.heldCount += 1 }
    }
    while state.withLock({ $0.held == part }) { usleep(500) }
  }

  package func createDirectory(_ path: String) throws(StorageError) {
    try check(.writes)
    try change { () throws(StorageError) in try disk.createDirectory(path) }
  }

  package func list(_ path: String) throws(StorageError) -> [String]? { try disk.list(path) }

  package func read(_ path: String, byteLimit: Int) throws(StorageError) -> [UInt8]? {
    try check(.reads)
    return try disk.read(path, byteLimit: byteLimit)
  }

  package func reader(of path: String) throws(StorageError) -> (any DiskReader)? { try disk.reader(of: path) }

  package func create(_ path: String) throws(StorageError) -> any DiskFile {
    try check(.writes)
    return File(try change { () throws(StorageError) in try disk.create(path) }, of: self, path: path)
  }

  package func open(_ path: String) throws(StorageError) -> any DiskFile {
    File(try disk.open(path), of: self, path: path)
  }

  package func rename(_ path: String, to target: String) throws(StorageError) {
    try change { () throws(StorageError) in try disk.rename(path, to: target) }
  }

  package func link(_ path: String, to target: String) throws(StorageError) {
    try change { () throws(StorageError) in try disk.link(path, to: target) }
  }

  package func remove(_ path: String) throws(StorageError) {
    try change { () throws(StorageError) in try disk.remove(path) }
  }

  package func removeTree(_ path: String) throws(StorageError) {
    try change { () throws(StorageError) in try disk.removeTree(path) }
  }

  package func synchronizeDirectory(_ path: String) throws(StorageError) {
    try check(.syncs)
    try disk.synchronizeDirectory(path)
  }

  package func freeByteCount(at path: String) throws(StorageError) -> Int { try disk.freeByteCount(at: path) }

  private final class File: DiskFile {
    private let file: any DiskFile
    private let disk: FaultyDisk
    private let part: Part?

    init(_ file: any DiskFile, of disk: FaultyDisk, path: String) {
      self.file = file
      self.disk = disk
      part = path.contains("/journal/0") ? .journal : path.contains("/checkpoints/") ? .checkpoints : nil
    }

    func write(_ bytes: Span<UInt8>, at offset: Int) throws(StorageError) {
      try disk.check(.writes)
      try disk.change { () throws(StorageError) in try file.write(bytes, at: offset) }
    }

    func synchronize() throws(StorageError) {
      if let part { disk.noteSync(of: part) }
      try disk.check(.syncs)
      try file.synchronize()
    }

    func truncate(to byteCount: Int) throws(StorageError) {
      try disk.change { () throws(StorageError) in try file.truncate(to: byteCount) }
    }
  }
}
