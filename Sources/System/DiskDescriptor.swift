import CSystem

/// A regular file that is written at places of the caller's choice and synced when it says so.
package struct DiskDescriptor: ~Copyable, Sendable {
  private let descriptor: FileDescriptor
  private let path: String

  /// Creates a file that nobody but its owner can read, 0600.
  ///
  /// - Throws: `EEXIST` when anything has the name, a dangling link included.
  package init(creating path: String) throws(SystemError) {
    descriptor = try Self.open(path, flags: O_RDWR | O_CREAT | O_EXCL)
    self.path = path
  }

  /// Opens a file that exists; a link is not followed.
  package init(opening path: String) throws(SystemError) {
    descriptor = try Self.open(path, flags: O_RDWR | O_NONBLOCK | O_NOCTTY)
    self.path = path
  }

  private static func open(_ path: String, flags: Int32) throws(SystemError) -> FileDescriptor {
    try FileSystem.check(path)
    let descriptor = FileDescriptor(
      owning: try call("open for writing", path: path) { unsafe rnnd_open(path, flags | O_NOFOLLOW, 0o600) })
    let found = try FileSystem.status(of: descriptor, path: path)
    guard found.kind == .regular else { throw .wrongKind(path: path, found: found.kind, expected: .regular) }
    return descriptor
  }

  /// Writes all bytes from an offset on. When it throws, any part of them may have been written.
  package borrowing func write(_ bytes: Span<UInt8>, at offset: Int) throws(SystemError) {
    let number = descriptor.descriptorNumber
    try unsafe bytes.withUnsafeBufferPointer { (buffer) throws(SystemError) in
      guard let base = buffer.baseAddress else { return }
      var written = 0
      while written < buffer.count {
        let count = try call("write", path: path) {
          unsafe rnnd_write_at(number, base + written, buffer.count - written, Int64(offset + written))
        }
        // A regular file takes something or says why not.
        guard count > 0 else { throw .call(operation: "write", errno: EIO, path: path) }
        written += count
      }
    }
  }

  /// Waits until the content and the size are on the disk itself.
  package borrowing func synchronize() throws(SystemError) {
    let number = descriptor.descriptorNumber
    try call("sync", path: path) { rnnd_synchronize_content(number) }
  }

  /// Cuts the file, or lengthens it with zeros.
  package borrowing func truncate(to byteCount: Int) throws(SystemError) {
    let number = descriptor.descriptorNumber
    try call("truncate", path: path) { ftruncate(number, off_t(byteCount)) }
  }
}

extension FileSystem {
  /// Gives a file a second name on the same file system. It fails where something has the name, or links are refused.
  package static func link(_ path: String, to target: String) throws(SystemError) {
    try check(path)
    try check(target)
    try call("link", path: target) { unsafe rnnd_link(path, target) }
  }
}
