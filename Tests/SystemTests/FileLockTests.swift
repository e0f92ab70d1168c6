import TestSupport
import Testing

@testable import System

@Suite("FileLock")
struct FileLockTests {
  @Test("A second lock on the same file is refused with the holder's process, until the first ends")
  func excludes() throws {
    let directory = try TemporaryDirectory()
    let path = directory["lock"]
    #expect(!FileLock.isHeld(path))
    let first = try FileLock(path: path)
    #expect(first.path == path)
    #expect(FileLock.isHeld(path))
    #expect(FileLock.holder(of: path) == ProcessControl.processID)
    #expect(throws: SystemError.locked(path: path, holder: ProcessControl.processID)) { _ = try FileLock(path: path) }
    _ = consume first
    #expect(!FileLock.isHeld(path))
    #expect(FileLock.holder(of: path) == nil)
    _ = try FileLock(path: path)
    #expect(try FileSystem.status(of: path)?.permissions == 0o600)
  }

  @Test("A lock that another process holds is refused with its number")
  func excludesOtherProcesses() throws {
    let directory = try TemporaryDirectory()
    let path = directory["lock"]
    // The program holds the lock for as long as it lives, and it lives until it is killed.
    let script = "exec 9>>\(path); flock -n 9 || exit 1; echo $$ >&9; printf 'ready\\n' >&3; exec 3>&-; exec sleep 1000"
    let holder = try DetachedProcess.start("/bin/sh", arguments: ["-c", script])
    defer { holder.killAndReap() }
    #expect(throws: SystemError.locked(path: path, holder: holder.processID)) { _ = try FileLock(path: path) }
    #expect(FileLock.holder(of: path) == holder.processID)
  }

  @Test("A link, a directory and a FIFO in the lock's place are refused")
  func refusesOtherKinds() throws {
    let directory = try TemporaryDirectory()
    try directory.link("elsewhere", at: "link")
    try FileSystem.createDirectory(directory["directory"])
    try directory.makeFIFO("fifo")
    for name in ["link", "directory", "fifo"] {
      #expect(throws: SystemError.self) { _ = try FileLock(path: directory[name]) }
    }
    #expect(try directory.names() == ["directory", "fifo", "link"])
  }
}
