import Foundation
import System
import TestSupport
import Testing

@testable import Storage

/// Faults that the system itself makes.
@Suite("A store under the system's faults", .serialized)
struct RealFaultTests {
  @Test("When a file may not grow (ulimit -f) the record is refused, the rest stays, and a smaller one fits")
  func fileSizeLimit() async {
    await #expect(processExitsWith: .success) {
      signal(SIGXFSZ, SIG_IGN)
      let directory = try TemporaryDirectory()
      let (store, _) = try Store.open(directory["model"], on: SystemDisk())
      _ = try store.append([1, 2, 3])
      _ = try store.synchronize()
      try limit(RLIMIT_FSIZE, to: 10_000)
      let error = #expect(throws: StorageError.self) { try store.append([UInt8](repeating: 1, count: 50_000)) }
      #expect(error?.errno == EFBIG)
      #expect(store.failure == nil)
      #expect(try store.append([4]) == 2)
      #expect(try store.synchronize() == 2)
      let writer = try store.beginCheckpoint(byteCount: 0)
      #expect(throws: StorageError.self) { try writer.write([UInt8](repeating: 1, count: 50_000), to: "a") }
      writer.abandon()
      let (_, recovery) = try Store.open(directory["model"], on: SystemDisk())
      #expect(recovery.records.map(\.payload) == [[1, 2, 3], [4]])
      #expect(recovery.cut == nil)
      #expect(recovery.checkpoint == nil)
    }
  }

  @Test("When descriptors run out a checkpoint fails with EMFILE, and the journal goes on")
  func descriptorLimit() async {
    await #expect(processExitsWith: .success) {
      let directory = try TemporaryDirectory()
      let (store, _) = try Store.open(directory["model"], on: SystemDisk())
      _ = try store.append([1])
      // Descriptors that are open stay so.
      try limit(RLIMIT_NOFILE, to: 0)
      let error = #expect(throws: StorageError.self) { try store.beginCheckpoint(byteCount: 0) }
      #expect(error?.errno == EMFILE)
      #expect(store.failure == nil)
      #expect(try store.append([2]) == 2)
      #expect(try store.synchronize() == 2)
      try limit(RLIMIT_NOFILE, to: 100)
      let (_, recovery) = try Store.open(directory["model"], on: SystemDisk())
      #expect(recovery.records.map(\.payload) == [[1], [2]])
    }
  }

  @Test("A disk that fills up refuses records and checkpoints, and takes them again when there is room")
  func fullDisk() async throws {
    guard let disk = TemporaryFileSystem(byteCount: 1 << 20) else {
      try Test.cancel("this test must be allowed to mount a file system")
    }
    let (store, _) = try Store.open(disk["model"], on: SystemDisk())
    let error = #expect(throws: StorageError.self) { try store.beginCheckpoint(byteCount: 0) }
    guard case .noSpace = error else { throw try #require(error) }
    try AtomicFile.replace(disk["ballast"], with: [UInt8](repeating: 1, count: 200_000))
    var kept: [[UInt8]] = []
    let refusal = #expect(throws: StorageError.self) {
      while true {
        let payload = [UInt8](repeating: UInt8(truncatingIfNeeded: kept.count), count: 30_000)
        _ = try store.append(payload)
        kept.append(payload)
        _ = try store.synchronize()
      }
    }
    #expect(refusal?.errno == ENOSPC)
    #expect(store.durableSequence == UInt64(kept.count))
    try FileSystem.removeFile(disk["ballast"])
    try store.heal()
    _ = try store.append([9])
    try store.close()
    #expect(try Store.open(disk["model"], on: SystemDisk()).recovery.records.map(\.payload) == kept + [[9]])
  }

  @Test("A disk that becomes read-only is read all the same, and written again when it may be")
  func readOnlyDisk() async throws {
    guard let disk = TemporaryFileSystem(byteCount: 1 << 20) else {
      try Test.cancel("this test must be allowed to mount a file system")
    }
    do {
      let (store, _) = try Store.open(disk["model"], on: SystemDisk())
      _ = try store.append([1])
      try store.close()
    }
    try disk.remount("ro")
    let (store, recovery) = try Store.open(disk["model"], on: SystemDisk())
    #expect(recovery.records.map(\.payload) == [[1]])
    #expect(recovery.writeFailure?.errno == EROFS)
    #expect(throws: StorageError.self) { try store.append([2]) }
    #expect(throws: StorageError.self) { try store.heal() }
    try disk.remount("rw")
    try store.heal()
    #expect(try store.append([2]) == 2)
    #expect(try store.synchronize() == 2)
  }
}

/// Sets a limit of this process.
private func limit(_ resource: __rlimit_resource, to value: rlim_t) throws {
  var limit = rlimit()
  getrlimit(__rlimit_resource_t(resource.rawValue), &limit)
  limit.rlim_cur = value
  try #require(setrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0)
}

/// A small file system in memory, unmounted with its owner's end.
private final class TemporaryFileSystem {
  private let directory: TemporaryDirectory

  /// Nil where mounting is not allowed.
  init?(byteCount: Int) {
    guard geteuid() == 0, let directory = try? TemporaryDirectory() else { return nil }
    self.directory = directory
    guard Self.run("mount", "-t", "tmpfs", "-o", "size=\(byteCount),mode=0700", "tmpfs", directory.path) else {
      return nil
    }
  }

  deinit { _ = Self.run("umount", "-l", directory.path) }

  subscript(name: String) -> String { directory[name] }

  func remount(_ mode: String) throws {
    try #require(Self.run("mount", "-o", "remount,\(mode)", directory.path))
  }

  private static func run(_ arguments: String...) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}
