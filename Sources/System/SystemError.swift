import CSystem

/// Why the operating system's side of something failed.
package enum SystemError: Error, Equatable, Sendable {
  /// A system call failed; `errno` says how.
  case call(operation: String, errno: Int32, path: String?)
  /// A path names another kind of thing than is wanted there.
  case wrongKind(path: String, found: FileKind, expected: FileKind)
  /// A file is larger than the reader accepts.
  case tooLarge(path: String, byteLimit: Int)
  /// A socket's path does not fit into an address.
  case pathTooLong(path: String, byteCount: Int, byteLimit: Int)
  /// A directory or file that must be its owner's alone is not.
  case notPrivate(path: String, reason: String)
  /// A group's members are to come to a path, but a directory above it does not let them pass.
  case outOfReach(path: String, group: UInt32, closed: String)
  /// Another process holds a lock.
  case locked(path: String, holder: Int32?)
  /// A process that answers listens at this path already.
  case addressInUse(path: String)
  /// A started process ended or reported a failure before it was ready.
  case notReady(message: String)
  /// Something took longer than it was given.
  case timedOut(operation: String, milliseconds: Int)

  /// The failure of the call made just now.
  static func last(_ operation: String, path: String? = nil) -> SystemError {
    .call(operation: operation, errno: rnnd_errno(), path: path)
  }
}

extension SystemError {
  /// The number of the error, as the system defines it; the nearest one where no call failed.
  package var errno: Int32 {
    switch self {
    case .call(_, let errno, _): errno
    case .wrongKind(_, .directory, _): EISDIR
    case .wrongKind(_, _, .directory): ENOTDIR
    case .wrongKind, .notReady: EINVAL
    case .tooLarge: EFBIG
    case .pathTooLong: ENAMETOOLONG
    case .notPrivate: EPERM
    case .outOfReach: EACCES
    case .locked: EWOULDBLOCK
    case .addressInUse: EADDRINUSE
    case .timedOut: ETIMEDOUT
    }
  }

  /// What was being done.
  package var operation: String {
    switch self {
    case .call(let operation, _, _), .timedOut(let operation, _): operation
    case .wrongKind, .tooLarge: "open"
    case .pathTooLong, .addressInUse: "bind"
    case .notPrivate, .outOfReach: "verify"
    case .locked: "lock"
    case .notReady: "start"
    }
  }

  /// The file concerned, if one is.
  package var path: String? {
    switch self {
    case .call(_, _, let path): path
    case .wrongKind(let path, _, _), .tooLarge(let path, _), .pathTooLong(let path, _, _), .notPrivate(let path, _),
      .outOfReach(let path, _, _), .locked(let path, _), .addressInUse(let path):
      path
    case .notReady, .timedOut: nil
    }
  }

  /// Whether the other end of a stream is gone, so that there is nobody to tell.
  package var isDisconnection: Bool {
    if case .call(_, EPIPE, _) = self { return true }
    if case .call(_, ECONNRESET, _) = self { return true }
    return false
  }

  /// Whether the thing named does not exist.
  package var isMissing: Bool { errno == ENOENT }

  /// Whether, of an attempt to connect, nobody listens there: nothing is at the path, or only what a dead process left.
  package var meansNobodyListens: Bool { isMissing || errno == ECONNREFUSED }

  /// Whether descriptors have run out, in this process or on the machine.
  package var isOutOfDescriptors: Bool { errno == EMFILE || errno == ENFILE }

  /// Whether the disk or the user's share of it is full.
  package var isOutOfSpace: Bool { errno == ENOSPC || errno == EDQUOT }

  /// What to do about it, where that can be said.
  package var hint: String? {
    switch self {
    case .pathTooLong: "give a shorter path with --socket or $RNND_SOCKET"
    case .notPrivate(let path, _): "make it yours alone: chown it to yourself and chmod go-rwx \(path)"
    case .outOfReach: "name a socket with --socket in a directory that the group may enter"
    case .wrongKind(_, _, .regular): "name a regular file"
    case .call(_, ENOSPC, _), .call(_, EDQUOT, _): "free some disk space"
    case .call(_, EMFILE, _): "raise the limit of open files (ulimit -n)"
    default: nil
    }
  }
}

extension SystemError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .call(let operation, let errno, let path):
      "cannot \(operation)\(path.map { " \($0)" } ?? ""): \(Self.text(of: errno))"
    case .wrongKind(let path, let found, let expected): "\(path) is a \(found.rawValue), not a \(expected.rawValue)"
    case .tooLarge(let path, let limit): "\(path) is larger than the limit of \(limit) bytes"
    case .pathTooLong(let path, let count, let limit):
      "the socket path \(path) has \(count) bytes, but an address holds at most \(limit)"
    case .notPrivate(let path, let reason): "\(path) is not private: \(reason)"
    case .outOfReach(let path, let group, let closed):
      "members of group \(group) can't reach \(path): \(closed) does not let them pass"
    case .locked(let path, let holder):
      "\(path) is locked by \(holder.map { "process \($0)" } ?? "another process")"
    case .addressInUse(let path): "another process listens at \(path)"
    case .notReady(let message): message
    case .timedOut(let operation, let milliseconds): "\(operation) took longer than \(milliseconds) ms"
    }
  }

  /// The system's own words for an error number.
  static func text(of errno: Int32) -> String {
    guard let words = unsafe strerror(errno) else { return "error \(errno)" }
    return unsafe String(cString: words)
  }
}

extension SystemError {
  /// The error number of a full disk, for those who find the disk full without a call's failure.
  package static var noSpaceNumber: Int32 { ENOSPC }
}
