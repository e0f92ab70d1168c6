import System

/// A private directory that is removed with its owner.
package final class TemporaryDirectory {
  package let path: String

  package init() throws {
    // Short, so that socket addresses fit.
    path = "/tmp/rnnd-test-\(ProcessControl.processID)-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
    try FileSystem.createDirectory(path)
  }

  deinit { try? FileSystem.removeTree(path) }

  /// The path of a name within.
  package subscript(name: String) -> String { "\(path)/\(name)" }
}
