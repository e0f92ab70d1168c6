import CSystem

extension FileSystem {
  /// Creates a directory if it is missing, 0700, and makes sure that it is this user's alone.
  package static func createPrivateDirectory(_ path: String) throws(SystemError) {
    try createDirectory(path, withParents: true)
    try verifyPrivateDirectory(path)
  }

  /// Makes sure that a directory is this user's alone: no link, owned by this user, nobody else may enter, read or
  /// write it, and nobody else can put another directory in its place.
  ///
  /// - Throws: `notPrivate` with the reason.
  package static func verifyPrivateDirectory(_ path: String) throws(SystemError) {
    guard let found = try status(of: path, followingLinks: false) else {
      throw .call(operation: "look at", errno: ENOENT, path: path)
    }
    switch found.kind {
    case .directory: break
    case .symbolicLink: throw .notPrivate(path: path, reason: "it is a symbolic link")
    default: throw .wrongKind(path: path, found: found.kind, expected: .directory)
    }
    guard found.ownerID == ProcessControl.userID else {
      throw .notPrivate(path: path, reason: "it belongs to user \(found.ownerID), not to user \(ProcessControl.userID)")
    }
    guard found.permissions & 0o077 == 0 else {
      throw .notPrivate(
        path: path, reason: "its permissions are 0\(String(found.permissions, radix: 8)), others may use it")
    }
    try verifyParents(of: path)
  }

  /// Makes sure that nobody but this user and root can rename what stands on the way to `path`.
  private static func verifyParents(of path: String) throws(SystemError) {
    var current = try absolute(path)
    while let above = parent(of: current) {
      guard let found = try status(of: above) else { throw .call(operation: "look at", errno: ENOENT, path: above) }
      guard found.ownerID == 0 || found.ownerID == ProcessControl.userID else {
        throw .notPrivate(path: path, reason: "\(above) above it belongs to user \(found.ownerID)")
      }
      // In a sticky directory (/tmp) nobody can rename what is another's.
      let isOpenToOthers = found.permissions & 0o022 != 0 && found.permissions & 0o1000 == 0
      if isOpenToOthers {
        throw .notPrivate(path: path, reason: "others may write to \(above) above it")
      }
      current = above
    }
  }
}
