import System

extension Store {
  /// Opens the store in a directory, or begins one there.
  ///
  /// What earlier crashes left is cleared away, and a fresh segment begins: what was read is on the disk itself before
  /// this returns. If the disk cannot be written the store is opened all the same, see `Recovery.writeFailure`.
  ///
  /// - Parameters:
  ///   - identity: what a store that begins here is known by.
  ///   - segmentByteLimit: about how large a segment of the journal grows.
  /// - Throws: `corrupt` when anything that recovery needs is damaged; `system`.
  package static func open(
    _ directory: String, on disk: any Disk, identity: UInt64 = .random(in: 1 ... .max), segmentByteLimit: Int = 64 << 20
  ) throws(StorageError) -> (store: Store, recovery: Recovery) {
    var found = try StoreContents.read(directory, on: disk)
    if found == nil {
      try begin(directory, on: disk, identity: identity)
      found = try StoreContents.read(directory, on: disk)
    }
    guard let contents = found else { throw .corrupt(file: Manifest.name, offset: 0, what: "it is missing") }
    try contents.checkpoint?.verify(in: directory, on: disk)
    let store = Store(directory, on: disk, segmentByteLimit: segmentByteLimit, contents)
    var failure: StorageError?
    do { try store.prepare(contents) } catch {
      failure = error
      store.state.withLock { $0.failure = error }
    }
    return (store, Recovery(contents, writeFailure: failure))
  }

  /// Reads what a store holds, and leaves everything as it is.
  ///
  /// - Returns: nil when the directory holds none.
  /// - Throws: as `open`.
  package static func read(_ directory: String, on disk: any Disk) throws(StorageError) -> Recovery? {
    guard let contents = try StoreContents.read(directory, on: disk) else { return nil }
    try contents.checkpoint?.verify(in: directory, on: disk)
    return Recovery(contents, writeFailure: nil)
  }

  /// Makes an empty store, of which the manifest comes last.
  static func begin(_ directory: String, on disk: any Disk, identity: UInt64) throws(StorageError) {
    try disk.createDirectory(directory)
    if let parent = parent(of: directory) { try disk.synchronizeDirectory(parent) }
    try disk.createDirectory("\(directory)/journal")
    try disk.createDirectory("\(directory)/checkpoints")
    try disk.synchronizeDirectory(directory)
    try replaceManifest(Manifest(identity: identity, checkpoints: []), in: directory, on: disk)
  }

  private func prepare(_ contents: StoreContents) throws(StorageError) {
    try settleManifest()
    try clear(contents)
    try syncing.withLock { _ throws(StorageError) in try startSegment() }
  }

  /// Writes the manifest that was read once more, before anything relies on it: whoever wrote it may have gone down
  /// before it was on the disk itself.
  func settleManifest() throws(StorageError) {
    guard state.withLock({ !$0.isManifestSettled }) else { return }
    try Self.replaceManifest(state.withLock { $0.manifest }, in: directory, on: disk)
    state.withLock { $0.isManifestSettled = true }
  }

  /// Removes what earlier crashes left and nothing needs.
  private func clear(_ contents: StoreContents) throws(StorageError) {
    for name in try disk.list("\(directory)/journal") ?? [] where name.hasSuffix(Self.temporarySuffix) {
      try disk.remove("\(directory)/journal/\(name)")
    }
    try remove(try unneededPaths(by: contents.manifest))
  }

  /// The directory that holds a path; nil for a name alone.
  private static func parent(of path: String) -> String? {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
    return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
  }
}
