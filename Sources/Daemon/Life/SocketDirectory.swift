import System

/// The directory of the daemon's socket: who can enter it, and who could put another socket in the socket's place.
enum SocketDirectory {
  /// Makes sure of the directory, which is created if it is missing.
  ///
  /// The one that a daemon uses unless told otherwise is private. One that the user has named must be such that nobody
  /// else can exchange what is in it. With a group, both let its members pass, and so must the directories above.
  ///
  /// - Throws: `notPrivate`, `outOfReach`.
  static func prepare(_ configuration: DaemonConfiguration) throws(SystemError) {
    let (path, group) = (configuration.socketPath, configuration.allowedGroup)
    guard let directory = FileSystem.parent(of: path) else { return }
    if !FileSystem.exists(directory) {
      try FileSystem.createDirectory(directory, withParents: true)
      if let group { try FileSystem.share(directory, with: group, permissions: 0o710) }
    }
    if directory == (try? UserDirectories.runtime()) {
      try FileSystem.verifyPrivateDirectory(directory, enteredBy: group)
    }
    try FileSystem.verifyGuarded(path)
    if let group { try FileSystem.verifyReachable(path, by: group) }
  }
}
