import System

extension Store {
  /// Begins a checkpoint that stands for all records so far: those that follow go to a segment of their own.
  ///
  /// - Parameter byteCount: about how many bytes its files will have.
  /// - Throws: `noSpace` when the disk has not that much room and a reserve; what `synchronize` throws.
  package func beginCheckpoint(byteCount: Int) throws(StorageError) -> CheckpointWriter {
    if let failure { throw failure }
    let needed = byteCount.addingReportingOverflow(Self.reserveByteCount)
    let free = try disk.freeByteCount(at: directory)
    guard !needed.overflow, free >= needed.partialValue else {
      throw .noSpace(neededByteCount: needed.overflow ? .max : needed.partialValue, freeByteCount: free)
    }
    try roll()
    let (number, position, journalByteCount) = state.withLock { state in
      defer { state.nextCheckpointNumber += 1 }
      return (state.nextCheckpointNumber, state.nextSequence, state.journalByteCount)
    }
    return try CheckpointWriter(self, number: number, position: position, journalByteCount: journalByteCount)
  }

  /// What a checkpoint leaves free, for journals to go on.
  private static var reserveByteCount: Int { 16 << 20 }

  /// The list with a checkpoint in front, written beside the one that counts.
  func stageManifest(adding checkpoint: Checkpoint, keeping kept: Int?) throws(StorageError) -> Manifest {
    let manifest = state.withLock { $0.manifest }.adding(checkpoint, keeping: kept)
    try Self.stage(manifest, in: directory, on: disk)
    return manifest
  }

  /// Makes a staged list the one that counts, and removes what it made unneeded.
  ///
  /// Also when this throws the list may count: so nothing is removed that either needs, and the next one replaces both.
  func placeManifest(
    _ manifest: Manifest, journalByteCount: Int, linking linked: [String]?
  ) throws(StorageError) {
    try Self.placeStagedManifest(in: directory, on: disk)
    state.withLock { state in
      state.manifest = manifest
      state.journalByteCount -= journalByteCount
    }
    // What follows is for tidiness: the next checkpoint or start makes up for what fails.
    if let newest = manifest.checkpoints.first { link(newest, linked) }
    if let unneeded = try? unneededPaths(by: manifest) { try? remove(unneeded) }
  }

  private static func stage(_ manifest: Manifest, in directory: String, on disk: any Disk) throws(StorageError) {
    let staged = "\(directory)/\(Manifest.name)\(temporarySuffix)"
    try disk.remove(staged)
    _ = try disk.create(staged, holding: manifest.bytes)
  }

  private static func placeStagedManifest(in directory: String, on disk: any Disk) throws(StorageError) {
    let path = "\(directory)/\(Manifest.name)"
    try disk.rename(path + temporarySuffix, to: path)
    try disk.synchronizeDirectory(directory)
  }

  /// Replaces the manifest so that its name always leads to a whole one.
  static func replaceManifest(
    _ manifest: Manifest, in directory: String, on disk: any Disk
  ) throws(StorageError) {
    try stage(manifest, in: directory, on: disk)
    try placeStagedManifest(in: directory, on: disk)
  }

  /// Gives the newest checkpoint's files the names under which others look for them, where the file system knows links.
  private func link(_ checkpoint: Checkpoint, _ linked: [String]?) {
    for file in checkpoint.files where linked?.contains(file.name) ?? true {
      let path = "\(directory)/\(file.name)"
      try? disk.remove(path + Self.temporarySuffix)
      guard
        (try? disk.link("\(directory)/\(checkpoint.directory)/\(file.name)", to: path + Self.temporarySuffix)) != nil
      else { continue }
      try? disk.rename(path + Self.temporarySuffix, to: path)
    }
  }

  /// The checkpoints that the manifest does not name, and the segments before all that it names.
  func unneededPaths(by manifest: Manifest) throws(StorageError) -> [String] {
    let kept = Set(manifest.checkpoints.map { String($0.number) })
    let checkpoints = (try disk.list("\(directory)/checkpoints") ?? []).filter { !kept.contains($0) }
    let segments = try JournalContents.segments(in: directory, on: disk)
    let firstKept = segments.lastIndex { $0 <= manifest.oldestPosition } ?? 0
    return checkpoints.map { "checkpoints/\($0)" } + segments[..<firstKept].map { JournalContents.file($0) }
  }

  func remove(_ paths: [String]) throws(StorageError) {
    for path in paths { try disk.removeTree("\(directory)/\(path)") }
  }
}
