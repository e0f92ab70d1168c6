import CSystem

extension FileSystem {
  /// Removes a directory and everything below it. Links are removed, never followed, also when somebody puts one in
  /// place of a directory meanwhile. That nothing is there is no error.
  package static func removeTree(_ path: String) throws(SystemError) {
    guard let found = try kind(at: path, followingLinks: false) else { return }
    guard found == .directory else { return try removeFile(path) }
    let directory = try openDirectory(path, followingLinks: false)
    try empty(directory, path: path, depthLeft: 64)
    try call("remove directory", path: path) { unsafe rmdir(path) }
  }

  private static func empty(
    _ directory: borrowing FileDescriptor, path: String, depthLeft: Int
  ) throws(SystemError) {
    guard depthLeft > 0 else { throw .call(operation: "remove so deep a directory", errno: ELOOP, path: path) }
    let number = directory.descriptorNumber
    for name in try list(directory, path: path) {
      let inside = join(path, name)
      do {
        try call("remove", path: inside) { unsafe unlinkat(number, name, 0) }
      } catch {
        // A directory answers EISDIR on Linux, EPERM by the standard.
        guard error.errno == EISDIR || error.errno == EPERM else { throw error }
        let below = FileDescriptor(
          owning: try call("open directory", path: inside) {
            unsafe rnnd_open_at(number, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
          })
        try empty(below, path: inside, depthLeft: depthLeft - 1)
        try call("remove directory", path: inside) { unsafe unlinkat(number, name, Int32(AT_REMOVEDIR)) }
      }
    }
  }
}
