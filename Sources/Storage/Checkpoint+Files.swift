extension Checkpoint {
  /// The file within a checkpoint's directory that describes it, as the manifest does, for salvage without a manifest.
  static let descriptionName = "checkpoint.json"

  /// Makes sure that every file is as it was written.
  ///
  /// - Throws: `corrupt` naming the first that is not.
  func verify(in store: String, on disk: any Disk) throws(StorageError) {
    for file in files { try verify(file, in: store, on: disk) }
  }

  func verify(_ file: File, in store: String, on disk: any Disk) throws(StorageError) {
    let path = "\(directory)/\(file.name)"
    var checksums = BlockChecksums()
    let exists = try disk.readPieces(of: "\(store)/\(path)") { checksums.update($0) }
    guard exists else { throw .corrupt(file: path, offset: 0, what: "it is missing") }
    let shorter = min(checksums.byteCount, file.byteCount)
    let hasSize = checksums.byteCount == file.byteCount
    // Of a file that was cut or that grew, the block where it ends differs for that reason.
    let comparable = hasSize ? file.checksums.count : shorter / BlockChecksums.blockByteCount
    let found = checksums.values
    if let block = (0..<comparable).first(where: { found[$0] != file.checksums[$0] }) {
      throw .corrupt(
        file: path, offset: block * BlockChecksums.blockByteCount,
        what: "the checksum of the \(BlockChecksums.blockByteCount) bytes from there differs")
    }
    guard hasSize else {
      throw .corrupt(
        file: path, offset: shorter, what: "it has \(checksums.byteCount) bytes, \(file.byteCount) were written")
    }
  }

  /// Writes the file that describes the checkpoint; it is durable but for its name.
  func writeDescription(identity: UInt64, in store: String, on disk: any Disk) throws(StorageError) {
    let bytes = Manifest(identity: identity, checkpoints: [self]).bytes
    _ = try disk.create("\(store)/\(directory)/\(Self.descriptionName)", holding: bytes)
  }

  /// What a checkpoint says of itself; nil when it says nothing.
  static func readDescription(
    _ number: Int, in store: String, on disk: any Disk
  ) throws(StorageError) -> (identity: UInt64, checkpoint: Checkpoint)? {
    let file = "checkpoints/\(number)/\(descriptionName)"
    guard let bytes = try disk.read("\(store)/\(file)", byteLimit: Manifest.byteLimit) else { return nil }
    let manifest = try Manifest(bytes, file: file)
    guard let checkpoint = manifest.checkpoints.first, checkpoint.number == number else {
      throw .corrupt(file: file, offset: 0, what: "it describes another checkpoint")
    }
    return (manifest.identity, checkpoint)
  }

  func verifyDescription(identity: UInt64, in store: String, on disk: any Disk) throws(StorageError) {
    let file = "\(directory)/\(Self.descriptionName)"
    guard let found = try Self.readDescription(number, in: store, on: disk) else {
      throw .corrupt(file: file, offset: 0, what: "it is missing")
    }
    guard found == (identity, self) else {
      throw .corrupt(file: file, offset: 0, what: "it differs from the manifest")
    }
  }
}
