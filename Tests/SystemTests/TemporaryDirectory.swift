import Foundation

@testable import System

/// A private directory that is removed with its owner.
final class TemporaryDirectory {
  let path: String

  init() throws {
    // Short, so that socket addresses fit.
    path = "/tmp/rnnd-test-\(ProcessControl.processID)-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
    try FileSystem.createDirectory(path)
  }

  deinit { try? FileSystem.removeTree(path) }

  /// The path of a name within.
  subscript(name: String) -> String { "\(path)/\(name)" }

  /// Writes a file without any care.
  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: self[name]))
  }

  /// The names within, sorted.
  func names() throws -> [String] { try FileSystem.list(path) }
}
