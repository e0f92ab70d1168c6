import CSystem

/// A lock between processes, held until its owner ends or dies. It is on a file that holds the owner's process number,
/// for people to read.
package struct FileLock: ~Copyable, Sendable {
  private let descriptor: FileDescriptor
  package let path: String

  /// Takes the lock without waiting. The file is created when it is missing, 0600, and stays when the lock ends: to
  /// remove it could leave two owners, one of a name and one of a file without a name.
  ///
  /// - Throws: `locked` with the holder's process number, if it is known.
  package init(path: String) throws(SystemError) {
    try FileSystem.check(path)
    let flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK
    let descriptor = FileDescriptor(
      owning: try call("open", path: path) { unsafe rnnd_open(path, flags, 0o600) })
    let found = try FileSystem.status(of: descriptor, path: path)
    guard found.kind == .regular else { throw .wrongKind(path: path, found: found.kind, expected: .regular) }
    let number = descriptor.descriptorNumber
    guard try callUnlessBlocking("lock", path: path, { flock(number, LOCK_EX | LOCK_NB) }) != nil else {
      throw .locked(path: path, holder: Self.holder(in: descriptor))
    }
    try call("write", path: path) { ftruncate(number, 0) }
    do {
      try descriptor.writeAll(Array("\(ProcessControl.processID)\n".utf8).span)
    } catch { throw error.naming(path) }
    self.descriptor = descriptor
    self.path = path
  }

  /// The process that holds the lock at a path; nil when nobody does (or it does not say).
  package static func holder(of path: String) -> Int32? {
    guard let descriptor = try? FileSystem.openForReading(path) else { return nil }
    // A lock that can be shared is held by nobody; it ends with the descriptor.
    let isFree =
      (try? callUnlessBlocking("lock") { flock(descriptor.descriptorNumber, LOCK_SH | LOCK_NB) }) != .some(nil)
    return isFree ? nil : holder(in: descriptor)
  }

  private static func holder(in descriptor: borrowing FileDescriptor) -> Int32? {
    var bytes: [UInt8] = []
    guard case .bytes = try? descriptor.read(atMost: 32, appendingTo: &bytes) else { return nil }
    return Int32(String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
  }
}
