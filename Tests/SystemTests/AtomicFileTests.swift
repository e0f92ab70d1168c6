import Testing

@testable import System

@Suite("AtomicFile")
struct AtomicFileTests {
  private struct Refusal: Error {}

  @Test("A file is replaced whole, with mode 0600, and no temporary stays")
  func replaces() throws {
    let directory = try TemporaryDirectory()
    try directory.write("old", to: "file")
    try AtomicFile.replace(directory["file"], with: Array("new".utf8))
    #expect(try FileSystem.readFile(directory["file"], byteLimit: 10) == Array("new".utf8))
    #expect(try FileSystem.status(of: directory["file"])?.permissions == 0o600)
    #expect(try directory.names() == ["file"])
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
    #expect(try FileSystem.readFile(directory["file"], byteLimit: 10) == Array("old".utf8))
    #expect(try directory.names() == ["file"])
  }
}
