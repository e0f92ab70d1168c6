import Foundation
import TestSupport
import Testing

@testable import System

@Suite("AtomicFile")
struct AtomicFileTests {
  private struct Refusal: Error {}

  @Test("A file is replaced whole, with mode 0600, and no temporary stays")
  func replaces() throws {
    let directory = try TemporaryDirectory()
    try directory.write("old", to: "file")
    try directory.setPermissions(0o644, of: "file")
    try AtomicFile.replace(directory["file"], with: Array("new".utf8))
    #expect(try directory.text(of: "file") == "new")
    #expect(try FileSystem.status(of: directory["file"])?.permissions == 0o600)
    #expect(try directory.names() == ["file"])
  }

  @Test("Pieces of any size arrive in order", arguments: [1, 1000, 65_535, 65_536, 65_537, 200_000])
  func streams(pieceByteCount: Int) throws {
    let directory = try TemporaryDirectory()
    let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    try AtomicFile.replace(directory["file"]) { (sink: inout AtomicFile.Sink) throws(SystemError) in
      var start = 0
      while start < content.count {
        let end = min(content.count, start + pieceByteCount)
        // Between the large pieces a small one, so that both ways meet.
        try sink.write(Array(content[start..<min(end, start + 1)]))
        try sink.write(Array(content[min(end, start + 1)..<end]))
        start = end
      }
    }
    #expect(try FileSystem.readFile(directory["file"], byteLimit: 300_000) == content)
  }

  @Test("A writer that fails leaves the target as it was and no temporary", arguments: [0, 1, 100_000, 1_000_000])
  func failingWriter(byteCount: Int) throws {
    let directory = try TemporaryDirectory()
    try directory.write("old", to: "file")
    #expect(throws: AtomicFile.Failure<Refusal>.self) {
      try AtomicFile.replace(directory["file"]) { (sink: inout AtomicFile.Sink) throws(Refusal) in
        do { try sink.write([UInt8](repeating: 1, count: byteCount)) } catch { Issue.record(error) }
        throw Refusal()
      }
    }
    #expect(try directory.text(of: "file") == "old")
    #expect(try directory.names() == ["file"])
  }

  @Test("A target that cannot be replaced stays, and no temporary does; the error names operation and path")
  func failingRename() throws {
    let directory = try TemporaryDirectory()
    // A directory that is not empty cannot be replaced by a file: the last step fails, after all was written.
    try FileSystem.createDirectory(directory["target"])
    try directory.write("inside", to: "target/file")
    let error = #expect(throws: SystemError.self) {
      try AtomicFile.replace(directory["target"], with: [1, 2, 3])
    }
    #expect(error?.operation == "rename")
    #expect(error?.path?.hasPrefix(directory["target"]) == true)
    #expect(try directory.text(of: "target/file") == "inside")
    #expect(try directory.names() == ["target"])
  }

  @Test("A missing directory is an error with its number")
  func missingDirectory() throws {
    let directory = try TemporaryDirectory()
    let error = #expect(throws: SystemError.self) {
      try AtomicFile.replace(directory["none/file"], with: [1])
    }
    #expect(error?.isMissing == true)
    #expect(error?.operation == "create")
  }

  @Test("A link as the target is replaced itself; what it points to is not written")
  func replacesLinks() throws {
    let directory = try TemporaryDirectory()
    try directory.write("precious", to: "elsewhere")
    try directory.link("elsewhere", at: "file")
    try AtomicFile.replace(directory["file"], with: Array("new".utf8))
    #expect(try directory.text(of: "elsewhere") == "precious")
    #expect(try FileSystem.kind(at: directory["file"], followingLinks: false) == .regular)
  }

  @Test("What a killed process left is removed when it is old, and nothing else is")
  func sweeps() throws {
    let directory = try TemporaryDirectory()
    // A process that has ended: nobody has its number.
    let process = try DetachedProcess.start(
      "/bin/sh", arguments: ["-c", "printf 'ready\\n' >&3; exec 3>&-; exec sleep 1000"])
    process.killAndReap()
    let dead = process.processID
    let kept = [
      "other.\(dead)-a.tmp", "file.\(getpid())-a.tmp", "file.x-a.tmp", "file.\(dead).tmp", "file.\(dead)-new.tmp",
    ]
    for name in kept + ["file.\(dead)-a.tmp", "file.\(dead)-b.tmp"] {
      try directory.write("", to: name)
      if !name.contains("new") { try directory.setAge(seconds: 120, of: name) }
    }
    try AtomicFile.replace(directory["file"], with: [1])
    #expect(try directory.names() == (kept + ["file"]).sorted())
  }

  @Test("When the disk gives no more room the target stays and no temporary does")
  func fullDisk() async {
    await #expect(processExitsWith: .success) {
      // A process that may write no file over 100,000 bytes stands for a disk that is full.
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 100_000, rlim_max: 100_000)
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      let directory = try TemporaryDirectory()
      try directory.write("old", to: "file")
      let error = #expect(throws: SystemError.self) {
        try AtomicFile.replace(directory["file"], with: [UInt8](repeating: 1, count: 1_000_000))
      }
      #expect(error?.errno == EFBIG)
      #expect(error?.operation == "write")
      #expect(try directory.text(of: "file") == "old")
      #expect(try directory.names() == ["file"])
    }
  }
}
