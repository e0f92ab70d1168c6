/// What was saved of a damaged store.
package struct SalvageReport: Equatable, Sendable {
  /// The checkpoint that the copy begins with; nil when there never was one.
  package let checkpointNumber: Int?
  /// How many records follow it in the copy.
  package let recordCount: Int
  /// The sequence number of the last record that the copy stands for.
  package let lastSequence: UInt64
  /// What of the store is damaged, and so what may be missing.
  package let findings: [StoreReport.Finding]
}

extension Store {
  /// Copies what is whole of a store: the newest whole checkpoint, and every record after it up to the first that is
  /// not whole. The store itself is not touched.
  ///
  /// - Parameter copy: a directory that does not exist yet; its parent does.
  /// - Throws: `exists`; `nothingWhole` when there were checkpoints, but none is whole; `system`, and then the copy is
  ///   not to be used.
  package static func salvage(
    _ directory: String, into copy: String, on disk: any Disk, identity: UInt64 = .random(in: 1 ... .max)
  ) throws(StorageError) -> SalvageReport {
    guard try disk.list(copy) == nil else { throw .exists(path: copy) }
    guard let report = try verify(directory, on: disk) else { throw .nothingWhole(path: directory) }
    let (source, checkpoint) = try newestWhole(in: directory, on: disk)
    let position = checkpoint?.position ?? 1
    let journal = try JournalContents.read(
      directory, on: disk, manifest: Manifest(identity: source, checkpoints: checkpoint.map { [$0] } ?? []),
      from: position)
    try begin(copy, on: disk, identity: identity)
    if let checkpoint { try copyFiles(of: checkpoint, from: directory, to: copy, on: disk, identity: identity) }
    let bytes = JournalFormat.segment(identity: identity, first: position, journal.records)
    _ = try disk.create("\(copy)/\(JournalContents.file(position))", holding: bytes)
    try disk.synchronizeDirectory("\(copy)/journal")
    let manifest = Manifest(identity: identity, checkpoints: checkpoint.map { [$0] } ?? [])
    try replaceManifest(manifest, in: copy, on: disk)
    return SalvageReport(
      checkpointNumber: checkpoint?.number, recordCount: journal.records.count, lastSequence: journal.lastSequence,
      findings: report.findings)
  }

  /// The newest checkpoint whose files are all as they were written, and the identity of the store. Each checkpoint
  /// describes itself, so that this works without a manifest.
  private static func newestWhole(
    in directory: String, on disk: any Disk
  ) throws(StorageError) -> (identity: UInt64, checkpoint: Checkpoint?) {
    var manifest: Manifest?
    do { manifest = try StoreContents.readManifest(directory, on: disk) } catch {
      guard case .corrupt = error else { throw error }
    }
    let numbers = (try disk.list("\(directory)/checkpoints") ?? []).compactMap { Int($0) }
    for number in numbers.sorted(by: >) {
      do {
        guard let described = try Checkpoint.readDescription(number, in: directory, on: disk),
          manifest.map({ $0.identity == described.identity }) ?? true
        else { continue }
        try described.checkpoint.verify(in: directory, on: disk)
        return (described.identity, described.checkpoint)
      } catch { guard case .corrupt = error else { throw error } }
    }
    for checkpoint in manifest?.checkpoints ?? [] {
      // Only its description was lost.
      do {
        try checkpoint.verify(in: directory, on: disk)
        if let manifest { return (manifest.identity, checkpoint) }
      } catch { guard case .corrupt = error else { throw error } }
    }
    guard let manifest, manifest.checkpoints.isEmpty else { throw .nothingWhole(path: directory) }
    return (manifest.identity, nil)
  }

  private static func copyFiles(
    of checkpoint: Checkpoint, from directory: String, to copy: String, on disk: any Disk, identity: UInt64
  ) throws(StorageError) {
    let target = "\(copy)/\(checkpoint.directory)"
    try disk.createDirectory(target)
    for file in checkpoint.files {
      let written = CheckpointFile(try disk.create("\(target)/\(file.name)"))
      var failure: StorageError?
      _ = try disk.readPieces(of: "\(directory)/\(checkpoint.directory)/\(file.name)") { piece in
        guard failure == nil else { return }
        do throws(StorageError) { try written.write(piece) } catch { failure = error }
      }
      if let failure { throw failure }
      try written.finish()
    }
    try checkpoint.writeDescription(identity: identity, in: copy, on: disk)
    try disk.synchronizeDirectory(target)
    try disk.synchronizeDirectory("\(copy)/checkpoints")
  }
}
