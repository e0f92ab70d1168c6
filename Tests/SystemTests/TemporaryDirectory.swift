import Foundation
import TestSupport
import Testing

@testable import System

extension TemporaryDirectory {
  /// Writes a file without any care.
  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: self[name]))
  }

  /// The names within, sorted.
  func names() throws -> [String] { try FileSystem.list(path) }

  /// Makes a symbolic link.
  func link(_ target: String, at name: String) throws {
    try FileManager.default.createSymbolicLink(atPath: self[name], withDestinationPath: target)
  }

  func makeFIFO(_ name: String) throws {
    try #require(mkfifo(self[name], 0o600) == 0)
  }

  func setPermissions(_ permissions: Int, of name: String) throws {
    try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: self[name])
  }

  /// Makes a file look as if it had not been touched for some time.
  func setAge(seconds: Double, of name: String) throws {
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -seconds)], ofItemAtPath: self[name])
  }

  /// A file's text.
  func text(of name: String) throws -> String {
    String(decoding: try FileSystem.readFile(self[name], byteLimit: 1 << 20), as: UTF8.self)
  }
}

extension DetachedProcess {
  /// Ends the process and waits until the system has forgotten it.
  func killAndReap() {
    try? ProcessControl.kill(processID)
    var status: Int32 = 0
    while waitpid(processID, &status, 0) < 0, errno == EINTR {}
  }
}
