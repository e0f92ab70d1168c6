import System

/// A private directory that is removed with its owner.
final class TemporaryDirectory {
  let path: String

  init() throws {
    path = "/tmp/rnnd-test-\(ProcessControl.processID)-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
    try FileSystem.createDirectory(path)
  }

  deinit { try? FileSystem.removeTree(path) }

  /// The path of a name within.
  subscript(name: String) -> String { "\(path)/\(name)" }
}
