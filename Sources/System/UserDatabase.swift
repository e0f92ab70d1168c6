import CSystem

/// The users and groups that the system knows.
package enum UserDatabase {
  /// A user's number, by name or by the number itself; nil when nobody is called so.
  package static func userID(of user: String) -> UInt32? {
    if let number = UInt32(user) { return number }
    guard let entry = unsafe getpwnam(user) else { return nil }
    return unsafe entry.pointee.pw_uid
  }

  /// A group's number, by name or by the number itself; nil when none is called so.
  package static func groupID(of group: String) -> UInt32? {
    if let number = UInt32(group) { return number }
    guard let entry = unsafe getgrnam(group) else { return nil }
    return unsafe entry.pointee.gr_gid
  }
}
