import CSystem

/// A socket at a path, to which its owner alone can connect, and the members of one group if that is wanted.
package struct UnixListener: ~Copyable, Sendable, Pollable {
  private let descriptor: FileDescriptor
  package let path: String

  package var descriptorNumber: Int32 { descriptor.descriptorNumber }

  /// Listens at `path` with permission bits 0600 from the first moment, without blocking.
  ///
  /// With a group the bits become 0660 before the first client can connect. Nobody else may be able to write to the
  /// directory: `FileSystem.verifyGuarded` tells.
  ///
  /// What an earlier process left at `path` is removed if nobody answers there. Two processes that start at once
  /// could remove each other's fresh socket so: hold the instance's `FileLock` around this call.
  ///
  /// - Throws: `addressInUse` when somebody answers at `path`; `wrongKind` when something else than a socket is there;
  ///   `pathTooLong`.
  package init(path: String, group: UInt32? = nil, backlog: Int32 = 128) throws(SystemError) {
    let address = try SocketAddress(path: path)
    try Self.removeStale(at: path)
    let descriptor = FileDescriptor(owning: try call("create socket") { rnnd_unix_socket() })
    let number = descriptor.descriptorNumber
    try descriptor.setNonBlocking(true)
    // Linux binds with the descriptor's own permissions, other systems refuse this and go by the mask alone.
    _ = fchmod(number, 0o600)
    do {
      // The mask belongs to the whole process: a file made by another thread meanwhile is only more private.
      let earlier = umask(0o077)
      defer { umask(earlier) }
      try call("bind", path: path) { address.bind(number) }
    } catch .call(_, EADDRINUSE, _) {
      throw SystemError.addressInUse(path: path)
    }
    do {
      if let group { try FileSystem.share(path, with: group, permissions: 0o660) }
      try call("listen at", path: path) { listen(number, backlog) }
    } catch {
      _ = unsafe unlink(path)
      throw error
    }
    self.descriptor = descriptor
    self.path = path
  }

  /// The next waiting connection, non-blocking and closed on exec; nil when none waits.
  ///
  /// - Throws: an error that `isOutOfDescriptors` when connections wait that cannot be taken: stop watching for a while.
  package borrowing func accept() throws(SystemError) -> UnixSocket? {
    while true {
      do {
        guard let number = try callUnlessBlocking("accept", { rnnd_accept(descriptorNumber) }) else { return nil }
        return UnixSocket(FileDescriptor(owning: number))
      } catch .call(_, ECONNABORTED, _) {
        // It hung up before its turn came: the next one.
      }
    }
  }

  /// Removes the socket from the file system, so that nobody new can connect.
  package borrowing func removePath() { _ = unsafe unlink(path) }

  /// Whether somebody answers at a path: false when nothing is there, or only what a dead process left.
  package static func answers(at path: String) throws(SystemError) -> Bool {
    do {
      _ = try UnixSocket.connect(to: path, nonBlocking: true)
      return true
    } catch {
      if error.meansNobodyListens { return false }
      // With a full backlog somebody is very much alive.
      if error.errno == EAGAIN { return true }
      throw error
    }
  }

  private static func removeStale(at path: String) throws(SystemError) {
    guard let kind = try FileSystem.kind(at: path, followingLinks: false) else { return }
    guard kind == .socket else { throw .wrongKind(path: path, found: kind, expected: .socket) }
    if try answers(at: path) { throw .addressInUse(path: path) }
    try call("remove stale socket", path: path) {
      let result = unsafe unlink(path)
      return result != 0 && rnnd_errno() == ENOENT ? 0 : result
    }
  }
}
