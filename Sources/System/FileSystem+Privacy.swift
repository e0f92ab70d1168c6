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
  /// - Parameter group: whose members may enter it all the same.
  /// - Throws: `notPrivate` with the reason.
  package static func verifyPrivateDirectory(_ path: String, enteredBy group: UInt32? = nil) throws(SystemError) {
    let path = try absolute(path)
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
    let shared: UInt32 = found.groupID == group ? 0o010 : 0
    guard found.permissions & 0o077 & ~shared == 0 else {
      throw .notPrivate(
        path: path, reason: "its permissions are 0\(String(found.permissions, radix: 8)), others may use it")
    }
    try verifyGuarded(path)
  }

  /// Makes sure that nobody but this user and root can put something else in a path's place, or in that of a directory
  /// above it. The path's last name may be missing yet.
  ///
  /// - Throws: `notPrivate` with the reason.
  package static func verifyGuarded(_ path: String) throws(SystemError) {
    let path = try absolute(path)
    // Both what is written, where a link could be exchanged, and what it leads to.
    try verifyParents(of: path, for: path)
    guard let parent = parent(of: path) else { return }
    let resolved = join(try resolve(parent), lastName(of: path))
    if resolved != path { try verifyParents(of: resolved, for: path) }
  }

  /// Gives a group a part in something of this user's.
  package static func share(_ path: String, with group: UInt32, permissions: UInt32) throws(SystemError) {
    try check(path)
    try call("give to group \(group)", path: path) { unsafe lchown(path, uid_t.max, group) }
    try call("set permissions of", path: path) { unsafe chmod(path, mode_t(permissions)) }
  }

  /// Makes sure that the members of a group can come to a path: every directory above it lets them, or all, pass.
  ///
  /// - Throws: `outOfReach` with the directory that doesn't.
  package static func verifyReachable(_ path: String, by group: UInt32) throws(SystemError) {
    var current = try absolute(path)
    while let above = parent(of: current) {
      guard let found = try status(of: above) else { throw .call(operation: "look at", errno: ENOENT, path: above) }
      let bit: UInt32 = found.groupID == group ? 0o010 : 0o001
      guard found.permissions & bit != 0 else { throw .outOfReach(path: path, group: group, closed: above) }
      current = above
    }
  }

  /// Makes sure that nobody but this user and root can rename what stands on the way.
  private static func verifyParents(of path: String, for wanted: String) throws(SystemError) {
    var current = path
    while let above = parent(of: current) {
      guard let found = try status(of: above) else { throw .call(operation: "look at", errno: ENOENT, path: above) }
      guard found.ownerID == 0 || found.ownerID == ProcessControl.userID else {
        throw .notPrivate(path: wanted, reason: "\(above) above it belongs to user \(found.ownerID)")
      }
      // In a sticky directory (/tmp) nobody can rename what is another's.
      let isSticky = found.permissions & 0o1000 != 0
      let openBits: UInt32 = isPrivateGroup(found.groupID) ? 0o002 : 0o022
      if !isSticky, found.permissions & openBits != 0 {
        throw .notPrivate(path: wanted, reason: "others may write to \(above) above it (chmod go-w it)")
      }
      current = above
    }
  }

  /// Whether a group is only this user's, as many systems give everyone one, and directories that it may write to.
  private static func isPrivateGroup(_ groupID: UInt32) -> Bool {
    guard groupID == getegid(), groupID != 0, let user = unsafe getpwuid(ProcessControl.userID),
      let group = unsafe getgrgid(groupID), let members = unsafe group.pointee.gr_mem
    else { return false }
    let userName = unsafe String(cString: user.pointee.pw_name)
    guard unsafe String(cString: group.pointee.gr_name) == userName else { return false }
    var index = 0
    while let member = unsafe members[index] {
      if unsafe String(cString: member) != userName { return false }
      index += 1
    }
    return true
  }

  /// The path without links, `.` and `..`.
  private static func resolve(_ path: String) throws(SystemError) -> String {
    guard let resolved = unsafe realpath(path, nil) else { throw .last("resolve", path: path) }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }
}
