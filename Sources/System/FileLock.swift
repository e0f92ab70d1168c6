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
    // Who owns the file could hold the lock as long as they please.
    guard found.ownerID == ProcessControl.userID || found.ownerID == 0 else {
      throw .notPrivate(path: path, reason: "it belongs to user \(found.ownerID)")
    }
    let number = descriptor.descriptorNumber
    guard try Self.take(number, path: path) else {
      throw .locked(path: path, holder: Self.holder(in: descriptor))
    }
    // For people only: a full disk must not keep anybody from the lock.
    _ = ftruncate(number, 0)
    try? descriptor.writeAll(Array("\(ProcessControl.processID)\n".utf8).span)
    self.descriptor = descriptor
    self.path = path
  }

  deinit {
    _ = ftruncate(descriptor.descriptorNumber, 0)
    // Not by closing alone: a process that is being started may have the descriptor until it is another program.
    _ = flock(descriptor.descriptorNumber, LOCK_UN)
  }

  /// Tries a few times within some milliseconds, as who asks whether the lock is held has a share in it for a moment.
  private static func take(_ number: Int32, path: String) throws(SystemError) -> Bool {
    for attempt in 0..<4 {
      if attempt > 0 { _ = rnnd_poll_one(-1, 0, 2) }
      if try callUnlessBlocking("lock", path: path, { flock(number, LOCK_EX | LOCK_NB) }) != nil { return true }
    }
    return false
  }

  /// Whether some process holds the lock at a path.
  package static func isHeld(_ path: String) -> Bool {
    guard let descriptor = try? FileSystem.openForReading(path) else { return false }
    // It can be shared only while nobody holds it.
    let number = descriptor.descriptorNumber
    defer { _ = flock(number, LOCK_UN) }
    do { return try callUnlessBlocking("lock", { flock(number, LOCK_SH | LOCK_NB) }) == nil } catch { return false }
  }

  /// The process that holds the lock at a path; nil when nobody does, or does not say.
  package static func holder(of path: String) -> Int32? {
    guard isHeld(path), let descriptor = try? FileSystem.openForReading(path) else { return nil }
    return holder(in: descriptor)
  }

  private static func holder(in descriptor: borrowing FileDescriptor) -> Int32? {
    var bytes: [UInt8] = []
    guard case .bytes = try? descriptor.read(atMost: 32, appendingTo: &bytes) else { return nil }
    let number = Int32(String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    return number.flatMap { $0 > 0 ? $0 : nil }
  }
}
