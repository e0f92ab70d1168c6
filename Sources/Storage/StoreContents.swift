/// A journal's torn end, which is not read: what was being written when the machine or the process went down.
package struct JournalCut: Equatable, Sendable {
  /// The segment, below the store's directory.
  package let file: String
  /// Where the whole records end.
  package let offset: Int
  /// How many bytes are behind them.
  package let byteCount: Int
}

/// What is on the disk of a store, found without changing anything.
struct StoreContents: Sendable {
  let manifest: Manifest
  /// From which the journal was read; nil when there is none.
  let checkpoint: Checkpoint?
  let journal: JournalContents

  /// - Parameter number: of the checkpoint to begin with; the newest when left out.
  /// - Returns: nil when the directory holds no store.
  /// - Throws: `corrupt` when there is no manifest but should be one, or the manifest or the journal is damaged.
  static func read(
    _ directory: String, on disk: any Disk, from number: Int? = nil
  ) throws(StorageError) -> StoreContents? {
    guard let manifest = try readManifest(directory, on: disk) else {
      guard try isEmpty(directory, on: disk) else { throw missingManifest }
      return nil
    }
    var checkpoint = manifest.checkpoints.first
    if let number {
      checkpoint = manifest.checkpoints.first { $0.number == number }
      guard checkpoint != nil else {
        throw .corrupt(file: "checkpoints/\(number)", offset: 0, what: "the manifest does not name it")
      }
    }
    let journal = try JournalContents.read(
      directory, on: disk, manifest: manifest, from: checkpoint?.position ?? manifest.position)
    if let damage = journal.damage { throw damage }
    return StoreContents(manifest: manifest, checkpoint: checkpoint, journal: journal)
  }

  /// Whether a directory without a manifest holds nothing of a store. A store begins with its manifest, so if it does
  /// the manifest was lost.
  static func isEmpty(_ directory: String, on disk: any Disk) throws(StorageError) -> Bool {
    let segments = try JournalContents.segments(in: directory, on: disk)
    let checkpoints = try disk.list("\(directory)/checkpoints") ?? []
    return segments.isEmpty && checkpoints.isEmpty
  }

  static let missingManifest = StorageError.corrupt(
    file: Manifest.name, offset: 0, what: "it is missing, though there are checkpoints or a journal")

  static func readManifest(_ directory: String, on disk: any Disk) throws(StorageError) -> Manifest? {
    let path = "\(directory)/\(Manifest.name)"
    guard let bytes = try disk.read(path, byteLimit: Manifest.byteLimit) else { return nil }
    return try Manifest(bytes)
  }
}

/// A journal's records from some position on.
struct JournalContents: Sendable {
  /// Whole and without a gap, from the position on.
  private(set) var records: [JournalRecord] = []
  /// Where each of `records` stands.
  private(set) var places: [JournalPlace] = []
  /// Up to which sequence number the records are known to be on the disk itself.
  private(set) var durableSequence: UInt64
  /// The bytes of the segments that were read.
  private(set) var byteCount = 0
  private(set) var cut: JournalCut?
  /// What ended the reading before the journal's end.
  private(set) var damage: StorageError?
  /// The sequence numbers with which all segments begin, in order.
  let segments: [UInt64]
  let mark: DurableMark

  /// The sequence number of the last whole record, or the one before the position.
  var lastSequence: UInt64 { records.last?.sequence ?? position - 1 }

  private let position: UInt64

  /// Reads what is whole; what is not is in `damage`.
  ///
  /// How a torn end is told from damage. A segment that another one follows was synced before that one began: it must
  /// be whole up to there, and what is behind is none of the journal (it was taken back). Of the last segment all
  /// that was ever known to be durable must be whole: that is the highest of
  /// - the sequence number before its first,
  /// - what `journal/SYNCED` says, which is exact unless the machine itself went down since,
  /// - what its records themselves say, those behind the damage included.
  /// Only what is beyond is a torn end and is cut. So a damaged record that was acknowledged is refused, the very
  /// last one too. What stays undecidable: the machine went down before the system had written `SYNCED` by itself, and
  /// a record of the last sync before is damaged as well; that looks like a sync that never ended.
  static func read(
    _ directory: String, on disk: any Disk, manifest: Manifest, from position: UInt64
  ) throws(StorageError) -> JournalContents {
    let segments = try segments(in: directory, on: disk)
    let markBytes =
      try disk.read("\(directory)/journal/\(DurableMark.name)", byteLimit: DurableMark.readByteLimit) ?? []
    let mark = DurableMark(markBytes, identity: manifest.identity)
    var contents = JournalContents(position: position, segments: segments, mark: mark)
    do { try contents.readSegments(directory, on: disk, manifest: manifest) } catch {
      guard case .corrupt = error else { throw error }
      contents.damage = error
    }
    return contents
  }

  private init(position: UInt64, segments: [UInt64], mark: DurableMark) {
    self.position = position
    self.segments = segments
    self.mark = mark
    durableSequence = position - 1
  }

  /// The sequence numbers with which the segments begin, in order.
  static func segments(in directory: String, on disk: any Disk) throws(StorageError) -> [UInt64] {
    (try disk.list("\(directory)/journal") ?? []).compactMap(JournalFormat.firstSequence(inName:)).sorted()
  }

  private mutating func readSegments(
    _ directory: String, on disk: any Disk, manifest: Manifest
  ) throws(StorageError) {
    guard let start = segments.lastIndex(where: { $0 <= position }) else {
      // Before the first segment there is nothing to lose.
      if segments.isEmpty, manifest.checkpoints.isEmpty, mark.sequence == 0 { return }
      throw .corrupt(file: Self.file(position), offset: 0, what: "it is missing")
    }
    for index in start..<segments.count {
      let file = Self.file(segments[index])
      let reader = try Self.readSegment(file, first: segments[index], directory, on: disk, manifest: manifest)
      byteCount += reader.endOffset
      let isLast = index + 1 == segments.count
      let limit = isLast ? reader.nextSequence : segments[index + 1]
      for (record, offset) in zip(reader.records, reader.offsets)
      where record.sequence >= position && record.sequence < limit {
        records.append(record)
        places.append(JournalPlace(file: file, offset: offset))
      }
      let needed = isLast ? max(mark.sequence, reader.evidence, segments[index] - 1, position - 1) : limit - 1
      guard reader.nextSequence > needed else {
        throw .corrupt(
          file: file, offset: reader.endOffset,
          what: "record \(reader.nextSequence) is not whole, though all up to \(needed) were written")
      }
      durableSequence = needed
      if isLast, reader.restByteCount > 0 {
        cut = JournalCut(file: file, offset: reader.endOffset, byteCount: reader.restByteCount)
      }
    }
  }

  static func readSegment(
    _ file: String, first: UInt64, _ directory: String, on disk: any Disk, manifest: Manifest
  ) throws(StorageError) -> JournalReader {
    guard let bytes = try disk.read("\(directory)/\(file)", byteLimit: JournalFormat.segmentByteLimit) else {
      throw .corrupt(file: file, offset: 0, what: "it is missing")
    }
    let reader: JournalReader
    do { reader = try JournalReader(bytes) } catch { throw .corrupt(file: file, offset: 0, what: error.what) }
    guard reader.identity == manifest.identity else {
      throw .corrupt(file: file, offset: 16, what: "it belongs to another store")
    }
    guard reader.firstSequence == first else {
      throw .corrupt(file: file, offset: 24, what: "its name does not fit its first sequence number")
    }
    return reader
  }

  /// A segment's path below the store's directory.
  static func file(_ first: UInt64) -> String { "journal/\(JournalFormat.segmentName(first: first))" }
}
