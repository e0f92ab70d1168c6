package import JSON
import Synchronization
import System

/// A checkpoint while its owner writes it: first the files, then `commit`. Without that it leaves nothing that counts.
///
/// Any one thread may use it, while the store's owner goes on appending. A store has one at a time.
package final class CheckpointWriter: Sendable {
  /// The sequence number of the first record that the checkpoint does not stand for.
  package let position: UInt64
  /// By which it is known once it counts.
  package let number: Int
  private let store: Store
  /// The journal's bytes when the checkpoint began.
  private let journalByteCount: Int
  private let files = Monitor<[Checkpoint.File]>([])
  private let isPlaced = Atomic(false)

  /// Whether the checkpoint counts, or, after a `commit` that failed at its very end, may do so.
  package var mayCount: Bool { isPlaced.load(ordering: .relaxed) }

  private var directory: String { "\(store.directory)/checkpoints/\(number)" }

  init(_ store: Store, number: Int, position: UInt64, journalByteCount: Int) throws(StorageError) {
    self.store = store
    self.number = number
    self.position = position
    self.journalByteCount = journalByteCount
    // An attempt of the same number may have been given up without being removed.
    try store.disk.removeTree(directory)
    try store.disk.createDirectory(directory)
  }

  /// Begins one of the files. It counts once its `finish` has returned.
  ///
  /// - Precondition: `name` is made of letters, digits, `.`, `-` and `_`, is no other file's, and not
  ///   `checkpoint.json`.
  package func create(_ name: String) throws(StorageError) -> CheckpointFile {
    precondition(
      Checkpoint.File.isName(name) && name != Checkpoint.descriptionName, "a checkpoint's file has a plain name")
    precondition(files.withLock { $0.allSatisfy { $0.name != name } }, "a checkpoint's files differ by name")
    let file = try store.disk.create("\(directory)/\(name)")
    return CheckpointFile(file) { [self] finished in
      files.withLock { $0.append(finished.description(as: name)) }
    }
  }

  /// Writes a whole file.
  package func write(_ bytes: [UInt8], to name: String) throws(StorageError) {
    let file = try create(name)
    try file.write(bytes.span)
    try file.finish()
  }

  /// Makes the checkpoint the newest one. From then on the store recovers from it, and what only earlier ones but the
  /// last needed is gone.
  ///
  /// - Parameters:
  ///   - notes: what the owner wants to know of it; recovery hands it back.
  ///   - linked: the files that get second names in the store's directory; all when left out.
  ///   - kept: the number of a checkpoint that stays though it is not among the last two any more, if it is still there.
  /// - Throws: and then the checkpoint counts for nothing, or, when only the very last sync failed, perhaps.
  package func commit(
    notes: JSONValue = .object(JSONObject()), linking linked: [String]? = nil, keeping kept: Int? = nil
  ) throws(StorageError) {
    let checkpoint = Checkpoint(
      number: number, position: position, notes: notes, files: files.withLock { $0 })
    try checkpoint.writeDescription(identity: store.identity, in: store.directory, on: store.disk)
    try store.disk.synchronizeDirectory(directory)
    try store.disk.synchronizeDirectory("\(store.directory)/checkpoints")
    let manifest = try store.stageManifest(adding: checkpoint, keeping: kept)
    isPlaced.store(true, ordering: .relaxed)
    try store.placeManifest(manifest, journalByteCount: journalByteCount, linking: linked)
  }

  /// Removes what was written, unless it counts or may do so.
  package func abandon() {
    guard !mayCount else { return }
    try? store.disk.removeTree(directory)
  }
}

/// One file of a checkpoint while it is written. One thread uses it.
package final class CheckpointFile {
  private let file: any DiskFile
  private let onFinish: (CheckpointFile) -> Void
  private var checksums = BlockChecksums()
  private var gathered: [UInt8] = []

  /// Small pieces are gathered up to this size.
  private static let gatheredByteLimit = 1 << 16

  fileprivate func description(as name: String) -> Checkpoint.File {
    Checkpoint.File(name: name, byteCount: checksums.byteCount, checksums: checksums.values)
  }

  init(_ file: any DiskFile, onFinish: @escaping (CheckpointFile) -> Void = { _ in }) {
    self.file = file
    self.onFinish = onFinish
  }

  /// Adds bytes at the end.
  package func write(_ bytes: Span<UInt8>) throws(StorageError) {
    if gathered.count + bytes.count > Self.gatheredByteLimit { try flush() }
    guard bytes.count < Self.gatheredByteLimit else { return try writeThrough(bytes) }
    gathered.append(copying: bytes)
  }

  /// Makes the file durable. Nothing is written after that.
  package func finish() throws(StorageError) {
    try flush()
    try file.synchronize()
    onFinish(self)
  }

  private func flush() throws(StorageError) {
    var piece: [UInt8] = []
    swap(&piece, &gathered)
    try writeThrough(piece.span)
    piece.removeAll(keepingCapacity: true)
    gathered = piece
  }

  private func writeThrough(_ bytes: Span<UInt8>) throws(StorageError) {
    try file.write(bytes, at: checksums.byteCount)
    checksums.update(bytes)
  }
}
