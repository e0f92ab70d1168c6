import CSystem

/// What a path can name.
package enum FileKind: String, Equatable, Sendable {
  case regular = "regular file"
  case directory
  case symbolicLink = "symbolic link"
  case socket
  case fifo = "FIFO"
  case characterDevice = "character device"
  case blockDevice = "block device"
  case other = "special file"

  init(mode: mode_t) {
    self =
      switch UInt32(mode) & 0o170000 {
      case 0o100000: .regular
      case 0o040000: .directory
      case 0o120000: .symbolicLink
      case 0o140000: .socket
      case 0o010000: .fifo
      case 0o020000: .characterDevice
      case 0o060000: .blockDevice
      default: .other
      }
  }
}

/// What is known of a file without reading it.
package struct FileStatus: Equatable, Sendable {
  package let kind: FileKind
  package let byteCount: Int
  /// The permission bits, set-user-ID, set-group-ID and sticky included.
  package let permissions: UInt32
  package let ownerID: UInt32
  package let groupID: UInt32
  /// Nanoseconds since 1 January 1970.
  package let modifiedNanoseconds: Int64

  init(_ status: stat) {
    kind = FileKind(mode: status.st_mode)
    byteCount = Int(status.st_size)
    permissions = UInt32(status.st_mode) & 0o7777
    ownerID = status.st_uid
    groupID = status.st_gid
    modifiedNanoseconds = unsafe withUnsafePointer(to: status) { unsafe rnnd_modified_nanoseconds($0) }
  }
}

/// Files and directories by path.
package enum FileSystem {
  /// What is at a path; nil when nothing is.
  package static func status(
    of path: String, followingLinks: Bool = true
  ) throws(SystemError) -> FileStatus? {
    var found = stat()
    do {
      try call("look at", path: path) {
        unsafe followingLinks ? rnnd_status(path, &found) : rnnd_link_status(path, &found)
      }
      return FileStatus(found)
    } catch .call(_, ENOENT, _) {
      return nil
    }
  }

  /// What kind of thing is at a path; nil when nothing is.
  package static func kind(at path: String, followingLinks: Bool = true) throws(SystemError) -> FileKind? {
    try status(of: path, followingLinks: followingLinks)?.kind
  }

  /// Whether something is at a path, a dangling link included. What may not be looked at counts as missing.
  package static func exists(_ path: String) -> Bool {
    (try? status(of: path, followingLinks: false)) != nil
  }

  /// Opens a regular file for reading. Nothing else is opened: not a directory, and never a FIFO or device, whose
  /// opening alone could wait or act.
  ///
  /// A symbolic link in the file's place is followed if this user or root made it, as people link their notes; one of
  /// somebody else's could have this user's files read that nobody meant.
  ///
  /// - Throws: `wrongKind` naming what was found, `notPrivate` for another user's link.
  package static func openForReading(_ path: String) throws(SystemError) -> FileDescriptor {
    try check(path)
    if let link = try status(of: path, followingLinks: false), link.kind == .symbolicLink,
      link.ownerID != ProcessControl.userID, link.ownerID != 0
    {
      throw .notPrivate(path: path, reason: "it is a symbolic link of user \(link.ownerID)")
    }
    // What it is now, and, as it may be exchanged meanwhile, what was opened.
    if let kind = try kind(at: path), kind != .regular { throw .wrongKind(path: path, found: kind, expected: .regular) }
    let descriptor = FileDescriptor(
      owning: try call("open", path: path) { unsafe rnnd_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0) })
    let found = try status(of: descriptor, path: path)
    guard found.kind == .regular else { throw .wrongKind(path: path, found: found.kind, expected: .regular) }
    return descriptor
  }

  /// Reads a regular file whole.
  ///
  /// - Throws: `tooLarge` when it holds more than `byteLimit`, `wrongKind` when it is not a regular file.
  package static func readFile(_ path: String, byteLimit: Int) throws(SystemError) -> [UInt8] {
    let descriptor = try openForReading(path)
    let found = try status(of: descriptor, path: path)
    guard found.byteCount <= byteLimit else { throw .tooLarge(path: path, byteLimit: byteLimit) }
    var bytes: [UInt8] = []
    // It may grow or shrink meanwhile, so the size is only where to begin; with room for the read that finds the end,
    // which would else have all of it copied.
    bytes.reserveCapacity(found.byteCount + FileDescriptor.chunkByteCount)
    while bytes.count <= byteLimit {
      let expected = max(found.byteCount - bytes.count + 1, FileDescriptor.chunkByteCount)
      let room = byteLimit - bytes.count
      // One more than the limit, so that a file of just that size is told from a larger one.
      let wanted = room < expected ? room + 1 : expected
      do throws(SystemError) {
        switch try descriptor.read(atMost: wanted, appendingTo: &bytes) {
        case .bytes: continue
        case .endOfFile: return bytes
        // Files of the kernel's, like its log, may have nothing yet: nobody waits for that.
        case .wouldBlock: throw SystemError.call(operation: "read", errno: EAGAIN, path: path)
        }
      } catch { throw error.naming(path) }
    }
    throw .tooLarge(path: path, byteLimit: byteLimit)
  }

  /// The names in a directory, without `.` and `..`, in the order of their bytes. Names that are not UTF-8 are left out.
  package static func list(_ path: String) throws(SystemError) -> [String] {
    try check(path)
    let descriptor = try openDirectory(path)
    return try list(descriptor, path: path).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Creates a directory that is its owner's alone, 0700.
  ///
  /// - Parameter withParents: whether missing parents are created too, also 0700.
  /// - Throws: `wrongKind` when something else is there. A directory that exists already is not touched.
  package static func createDirectory(_ path: String, withParents: Bool = false) throws(SystemError) {
    try check(path)
    do {
      try call("create directory", path: path) { unsafe mkdir(path, 0o700) }
    } catch .call(_, EEXIST, _) {
      guard let found = try kind(at: path), found != .directory else { return }
      throw .wrongKind(path: path, found: found, expected: .directory)
    } catch .call(let operation, ENOENT, _) {
      guard withParents, let parent = parent(of: path), parent != path else {
        throw .call(operation: operation, errno: ENOENT, path: path)
      }
      try createDirectory(parent, withParents: true)
      try createDirectory(path)
    }
  }

  /// Renames, replacing a file of that name at once.
  package static func rename(_ path: String, to target: String) throws(SystemError) {
    try check(path)
    try check(target)
    try call("rename", path: path) { unsafe rnnd_rename(path, target) }
  }

  /// Removes a file (a link, not what it points to). That none is there is no error.
  package static func removeFile(_ path: String) throws(SystemError) {
    try check(path)
    do {
      try call("remove", path: path) { unsafe unlink(path) }
    } catch .call(_, ENOENT, _) {
    }
  }

  /// Makes the names in a directory durable.
  package static func synchronizeDirectory(_ path: String) throws(SystemError) {
    let descriptor = try openDirectory(path)
    let number = descriptor.descriptorNumber
    try call("sync directory", path: path) { rnnd_synchronize(number) }
  }

  /// How many bytes this user may still write to the file system that holds `path`.
  package static func freeByteCount(at path: String) throws(SystemError) -> Int {
    try check(path)
    var found = statvfs()
    try call("look at file system of", path: path) { unsafe rnnd_file_system_status(path, &found) }
    let (count, isTooLarge) = UInt64(found.f_bavail).multipliedReportingOverflow(by: UInt64(found.f_frsize))
    return isTooLarge ? .max : Int(clamping: count)
  }

  /// The directory that holds a path, by its text; nil for the root and for nothing.
  package static func parent(of path: String) -> String? {
    var bytes = Array(path.utf8)
    while bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
    guard !bytes.isEmpty, bytes != [UInt8(ascii: "/")] else { return nil }
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    let kept = bytes[..<max(1, slash)]
    return String(decoding: kept, as: UTF8.self)
  }

  /// What stands behind a path's last slash; all of it when it has none.
  static func lastName(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
    return String(path[path.utf8.index(after: slash)...])
  }

  /// A path with a name below it.
  package static func join(_ path: String, _ name: String) -> String {
    path.utf8.last == UInt8(ascii: "/") ? path + name : path + "/" + name
  }

  /// The path from the root, by text alone: relative ones begin at the working directory.
  package static func absolute(_ path: String) throws(SystemError) -> String {
    try check(path)
    if path.utf8.first == UInt8(ascii: "/") { return path }
    guard let working = unsafe getcwd(nil, 0) else { throw .last("find working directory") }
    defer { unsafe free(working) }
    return join(unsafe String(cString: working), path)
  }
}

extension FileSystem {
  /// Refuses text that the system would read as another path than the one given.
  static func check(_ path: String) throws(SystemError) {
    if path.isEmpty { throw .call(operation: "use an empty path", errno: ENOENT, path: nil) }
    if path.utf8.contains(0) { throw .call(operation: "use a path with a zero byte", errno: EINVAL, path: nil) }
  }

  static func status(of descriptor: borrowing FileDescriptor, path: String) throws(SystemError) -> FileStatus {
    var found = stat()
    let number = descriptor.descriptorNumber
    try call("look at", path: path) { unsafe fstat(number, &found) }
    return FileStatus(found)
  }

  static func openDirectory(_ path: String, followingLinks: Bool = true) throws(SystemError) -> FileDescriptor {
    let flags = O_RDONLY | O_DIRECTORY | (followingLinks ? 0 : O_NOFOLLOW)
    return FileDescriptor(owning: try call("open directory", path: path) { unsafe rnnd_open(path, flags, 0) })
  }

  /// The names in an open directory, unsorted.
  static func list(_ directory: borrowing FileDescriptor, path: String) throws(SystemError) -> [String] {
    // The stream closes the descriptor that it is given, so it gets one of its own.
    let number = try directory.duplicate().release()
    guard let stream = unsafe fdopendir(number) else {
      let error = SystemError.last("list", path: path)
      _ = rnnd_close(number)
      throw error
    }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while true {
      rnnd_set_errno(0)
      guard let entry = unsafe readdir(stream) else { break }
      guard let name = unsafe String(validatingCString: rnnd_entry_name(entry)), name != ".", name != ".." else {
        continue
      }
      names.append(name)
    }
    if rnnd_errno() != 0 { throw .last("list", path: path) }
    return names
  }
}

extension SystemError {
  /// The same failure, with the path that the call did not know.
  func naming(_ path: String) -> SystemError {
    if case .call(let operation, let errno, nil) = self { return .call(operation: operation, errno: errno, path: path) }
    return self
  }
}
