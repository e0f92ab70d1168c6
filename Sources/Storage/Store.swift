import Synchronization

/// A directory that holds an owner's checkpoints and the journal of what came after them, such that what was
/// acknowledged as durable is there after any crash.
///
///     manifest.json           which checkpoints count; replaced atomically
///     checkpoints/NUMBER/…    the owner's files, never changed
///     journal/SEQUENCE.log    segments of records, `JournalFormat`
///     journal/SYNCED          how far the journal was synced, `DurableMark`
///     config.json, …          second names of the newest checkpoint's files, for others to read
///
/// The store knows bytes and sequence numbers, not what they mean. One thread at a time appends, buffers, begins
/// checkpoints and heals; any thread may `synchronize` meanwhile, and a `CheckpointWriter` works on any one thread.
///
/// Segments only ever grow, and nothing in them is trusted beyond what was synced: whenever that is in doubt (a start,
/// a failed sync) the next record goes to a fresh segment, whose name says from where on it replaces what came before.
package final class Store: Sendable {
  package let directory: String
  let disk: any Disk
  let identity: UInt64
  /// A segment is ended when it has grown to this size.
  private let segmentByteLimit: Int
  private let state: Mutex<State>
  /// Held while the journal is synced or its segment changed; taken before `state`.
  private let syncing = Mutex<Void>(())

  /// What appending and syncing threads share.
  struct State {
    var manifest: Manifest
    /// The segment that grows; nil after a failure.
    var segment: Segment?
    /// Why nothing can be written until `heal`.
    var failure: StorageError?
    /// Records that were read when the store was opened and that the next segment begins with.
    var carried: [JournalRecord]
    /// Records that are not yet written to the file, in its form.
    var pending: [UInt8] = []
    var nextSequence: UInt64
    /// The last record that is in the segment's file.
    var writtenSequence: UInt64
    var durableSequence: UInt64
    /// The bytes of records since the newest checkpoint began.
    var journalByteCount: Int
    var mark: OpenMark?
    var nextCheckpointNumber: Int
  }

  /// The segment that grows.
  struct Segment {
    let file: any DiskFile
    let first: UInt64
    var byteCount: Int
  }

  /// The durable mark while it is written.
  struct OpenMark {
    let file: any DiskFile
    var slot: Int

    /// Notes a sync. It is only evidence, so a failure has no consequence.
    mutating func note(_ sequence: UInt64, identity: UInt64) {
      slot = 1 - slot
      let bytes = DurableMark.slotBytes(identity: identity, sequence: sequence)
      try? file.write(bytes.span, at: DurableMark.offset(ofSlot: slot))
    }
  }

  private init(_ directory: String, on disk: any Disk, segmentByteLimit: Int, _ contents: StoreContents) {
    let journal = contents.journal
    self.directory = directory
    self.disk = disk
    self.segmentByteLimit = segmentByteLimit
    identity = contents.manifest.identity
    state = Mutex(
      State(
        manifest: contents.manifest, segment: nil, failure: nil,
        carried: journal.records.filter { $0.sequence > journal.durableSequence },
        nextSequence: journal.lastSequence + 1, writtenSequence: journal.lastSequence,
        durableSequence: journal.durableSequence, journalByteCount: journal.byteCount, mark: nil,
        nextCheckpointNumber: 1 + (contents.manifest.checkpoints.first?.number ?? 0)))
  }
}

// MARK: - Opening

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
    if let newest = contents.manifest.checkpoints.first { try newest.verify(in: directory, on: disk) }
    let store = Store(directory, on: disk, segmentByteLimit: segmentByteLimit, contents)
    var failure: StorageError?
    do { try store.prepare(contents) } catch {
      failure = error
      store.state.withLock { $0.failure = error }
    }
    let recovery = Recovery(
      checkpoint: contents.manifest.checkpoints.first, records: contents.journal.records, cut: contents.journal.cut,
      writeFailure: failure)
    return (store, recovery)
  }

  /// Reads what a store holds, and leaves everything as it is.
  ///
  /// - Returns: nil when the directory holds none.
  /// - Throws: as `open`.
  package static func read(_ directory: String, on disk: any Disk) throws(StorageError) -> Recovery? {
    guard let contents = try StoreContents.read(directory, on: disk) else { return nil }
    if let newest = contents.manifest.checkpoints.first { try newest.verify(in: directory, on: disk) }
    return Recovery(
      checkpoint: contents.manifest.checkpoints.first, records: contents.journal.records, cut: contents.journal.cut,
      writeFailure: nil)
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
    try clear(contents)
    try syncing.withLock { _ throws(StorageError) in try startSegment() }
  }

  /// Removes what earlier crashes left and nothing needs.
  private func clear(_ contents: StoreContents) throws(StorageError) {
    for name in try disk.list("\(directory)/journal") ?? [] where name.hasSuffix(Self.temporarySuffix) {
      try disk.remove("\(directory)/journal/\(name)")
    }
    try disk.remove("\(directory)/\(Manifest.name)\(Self.temporarySuffix)")
    let unneeded = try unneededPaths(by: contents.manifest)
    guard !unneeded.isEmpty else { return }
    // The manifest that was read may not be on the disk itself yet, and the one before it may need these files.
    try Self.replaceManifest(contents.manifest, in: directory, on: disk)
    try remove(unneeded)
  }
}

// MARK: - The journal

extension Store {
  /// The sequence number that the next record gets.
  package var nextSequence: UInt64 { state.withLock { $0.nextSequence } }

  /// Up to this sequence number all records are on the disk itself.
  package var durableSequence: UInt64 { state.withLock { $0.durableSequence } }

  /// How many bytes of records a recovery would read.
  package var journalByteCount: Int { state.withLock { $0.journalByteCount } }

  /// How many records a recovery would replay.
  package var recordCountSinceCheckpoint: Int {
    state.withLock { Int($0.nextSequence - $0.manifest.position) }
  }

  /// Why nothing can be written until `heal` succeeds; nil when all is well.
  package var failure: StorageError? { state.withLock { $0.failure } }

  /// Writes a record, and those buffered before it, to the journal's file. It survives this process from now on, and the
  /// machine once `synchronize` has returned its sequence number.
  ///
  /// - Returns: the record's sequence number.
  /// - Throws: and then the record is not in the journal, and its sequence number free. The next append may succeed,
  ///   unless `failure` says why not.
  package func append(_ payload: [UInt8]) throws(StorageError) -> UInt64 {
    try makeRoom(for: payload)
    return try state.withLock { (state) throws(StorageError) in
      let pendingByteCount = state.pending.count
      let sequence = state.encode(payload, identity: identity)
      do throws(StorageError) { try state.writePending() } catch {
        state.pending.removeLast(state.pending.count - pendingByteCount)
        state.nextSequence -= 1
        throw error
      }
      return sequence
    }
  }

  /// Keeps a record in memory until the next append, sync or checkpoint writes it: it may be lost with the process.
  ///
  /// - Returns: the record's sequence number.
  /// - Throws: `recordTooLarge`, or what `failure` says.
  package func buffer(_ payload: [UInt8]) throws(StorageError) -> UInt64 {
    try makeRoom(for: payload)
    return try state.withLock { (state) throws(StorageError) in
      if let failure = state.failure { throw failure }
      return state.encode(payload, identity: identity)
    }
  }

  /// Waits until all records so far are on the disk itself. Any thread may call it; threads that call it together
  /// share the work.
  ///
  /// - Returns: up to which sequence number all is durable.
  /// - Throws: and then nobody knows what became of the records behind `durableSequence`: nothing can be written until
  ///   `heal`, which drops them.
  package func synchronize() throws(StorageError) -> UInt64 {
    try syncing.withLock { _ throws(StorageError) in try synchronizeExclusively() }
  }

  /// Makes a store writable again after a failure: records behind `durableSequence` are dropped for good, and what
  /// follows goes to a fresh segment. Without a failure this does nothing.
  ///
  /// Records that were read but could not be made durable when the store was opened are kept.
  ///
  /// - Throws: when the disk still fails. Until this succeeds the dropped records may come back in a recovery.
  package func heal() throws(StorageError) {
    try syncing.withLock { _ throws(StorageError) in
      guard failure != nil else { return }
      state.withLock { $0.dropDoubtful() }
      try startSegment()
    }
  }

  /// Reads again what can be relied on: the newest checkpoint and the records up to `durableSequence`. For an owner who
  /// must take back what came after, before `heal`.
  ///
  /// - Throws: `corrupt`, `system`.
  package func recovery() throws(StorageError) -> Recovery {
    // A sync on another thread ends first, so that what is durable is decided.
    try syncing.withLock { _ throws(StorageError) in
      let (last, failure) = state.withLock { ($0.carried.last?.sequence ?? $0.durableSequence, $0.failure) }
      guard let contents = try StoreContents.read(directory, on: disk) else {
        throw .corrupt(file: Manifest.name, offset: 0, what: "it is missing")
      }
      if let newest = contents.manifest.checkpoints.first { try newest.verify(in: directory, on: disk) }
      return Recovery(
        checkpoint: contents.manifest.checkpoints.first,
        records: contents.journal.records.filter { $0.sequence <= last }, cut: nil, writeFailure: failure)
    }
  }

  /// Makes everything durable, the mark beside the journal included. Nothing is appended after that.
  package func close() throws(StorageError) {
    _ = try synchronize()
    synchronizeMark()
  }

  private func makeRoom(for payload: [UInt8]) throws(StorageError) {
    guard payload.count <= JournalFormat.payloadByteLimit else {
      throw .recordTooLarge(byteCount: payload.count, byteLimit: JournalFormat.payloadByteLimit)
    }
    let isFull = state.withLock { state in
      guard let segment = state.segment, state.failure == nil else { return false }
      return segment.byteCount + state.pending.count >= segmentByteLimit && segment.first < state.nextSequence
    }
    if isFull { try roll() }
  }

  /// `syncing` is held.
  private func synchronizeExclusively() throws(StorageError) -> UInt64 {
    let work = try state.withLock { (state) throws(StorageError) -> (file: any DiskFile, sequence: UInt64)? in
      try state.writePending()
      guard let segment = state.segment, state.writtenSequence > state.durableSequence else { return nil }
      return (segment.file, state.writtenSequence)
    }
    guard let work else { return durableSequence }
    do { try work.file.synchronize() } catch {
      state.withLock { $0.failure = error }
      throw error
    }
    state.withLock { state in
      state.durableSequence = work.sequence
      state.mark?.note(work.sequence, identity: identity)
    }
    return work.sequence
  }

  /// Makes the mark durable as well. It is only evidence, so a failure has no consequence.
  private func synchronizeMark() {
    let file = state.withLock { $0.mark?.file }
    try? file?.synchronize()
  }
}

extension Store.State {
  /// Adds a record behind those that wait to be written.
  fileprivate mutating func encode(_ payload: [UInt8], identity: UInt64) -> UInt64 {
    let sequence = nextSequence
    JournalFormat.append(payload, sequence: sequence, durable: durableSequence, identity: identity, to: &pending)
    nextSequence += 1
    return sequence
  }

  /// Writes what waits. When it throws, all of it still waits and the file is as it was, or `failure` is set.
  fileprivate mutating func writePending() throws(StorageError) {
    if let failure { throw failure }
    guard var segment, !pending.isEmpty else { return }
    do { try segment.file.write(pending.span, at: segment.byteCount) } catch {
      do { try segment.file.truncate(to: segment.byteCount) } catch { failure = error }
      throw error
    }
    segment.byteCount += pending.count
    self.segment = segment
    journalByteCount += pending.count
    writtenSequence = nextSequence - 1
    // A large record's memory is not kept.
    pending.removeAll(keepingCapacity: pending.count <= 1 << 20)
  }

  /// Forgets all records that are not durable and did not come from the disk.
  fileprivate mutating func dropDoubtful() {
    segment = nil
    pending = []
    let last = carried.last?.sequence ?? durableSequence
    writtenSequence = last
    nextSequence = last + 1
  }
}

// MARK: - Segments

extension Store {
  static let temporarySuffix = ".tmp"

  /// Ends the segment and begins the next one.
  func roll() throws(StorageError) {
    try syncing.withLock { _ throws(StorageError) in
      _ = try synchronizeExclusively()
      let isFresh = state.withLock { $0.segment?.first == $0.nextSequence }
      if !isFresh { try startSegment() }
    }
  }

  /// Begins a segment behind all that is durable, with the carried records in it; `syncing` is held.
  ///
  /// The segment is durable in full before it gets its name, from which moment on it replaces what other segments hold
  /// from its first sequence number on. Whether it got its name is in doubt when that fails, so that then no other
  /// segment may grow any more.
  private func startSegment() throws(StorageError) {
    let (first, carried) = state.withLock { ($0.durableSequence + 1, $0.carried) }
    let path = "\(directory)/\(JournalContents.file(first))"
    let bytes = JournalFormat.segment(identity: identity, first: first, carried)
    try disk.remove(path + Self.temporarySuffix)
    let file = try disk.create(path + Self.temporarySuffix, holding: bytes)
    let mark = openMark()
    do {
      try disk.rename(path + Self.temporarySuffix, to: path)
      try disk.synchronizeDirectory("\(directory)/journal")
    } catch {
      state.withLock { $0.failure = error }
      throw error
    }
    state.withLock { state in
      state.segment = Segment(file: file, first: first, byteCount: bytes.count)
      state.durableSequence = first - 1 + UInt64(carried.count)
      state.carried = []
      state.failure = nil
      state.mark = mark
      state.mark?.note(state.durableSequence, identity: identity)
    }
    synchronizeMark()
  }

  /// The mark beside the journal, opened at the first need. A store without one loses evidence, nothing else.
  private func openMark() -> OpenMark? {
    if let mark = state.withLock({ $0.mark }) { return mark }
    let path = "\(directory)/journal/\(DurableMark.name)"
    do {
      if let bytes = try disk.read(path, byteLimit: DurableMark.readByteLimit) {
        return OpenMark(file: try disk.open(path), slot: DurableMark(bytes, identity: identity).slot)
      }
      let empty = [UInt8](repeating: 0, count: DurableMark.byteCount)
      return OpenMark(file: try disk.create(path, holding: empty), slot: 0)
    } catch { return nil }
  }
}

// MARK: - Checkpoints

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
  func stageManifest(adding checkpoint: Checkpoint) throws(StorageError) -> Manifest {
    let manifest = state.withLock { $0.manifest }.adding(checkpoint)
    try Self.stage(manifest, in: directory, on: disk)
    return manifest
  }

  /// Makes a staged list the one that counts, and removes what it made unneeded.
  ///
  /// Also when this throws the list may count: so nothing is removed that either needs.
  func placeManifest(_ manifest: Manifest, journalByteCount: Int) throws(StorageError) {
    state.withLock { state in
      state.manifest = manifest
      state.journalByteCount -= journalByteCount
    }
    try Self.placeStagedManifest(in: directory, on: disk)
    // What follows is for tidiness: the next checkpoint or start makes up for what fails.
    if let newest = manifest.checkpoints.first { link(newest) }
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
  private func link(_ checkpoint: Checkpoint) {
    for file in checkpoint.files {
      let path = "\(directory)/\(file.name)"
      try? disk.remove(path + Self.temporarySuffix)
      guard
        (try? disk.link("\(directory)/\(checkpoint.directory)/\(file.name)", to: path + Self.temporarySuffix)) != nil
      else { continue }
      try? disk.rename(path + Self.temporarySuffix, to: path)
    }
  }

  /// The checkpoints that the manifest does not name, and the segments before all that it names.
  private func unneededPaths(by manifest: Manifest) throws(StorageError) -> [String] {
    let kept = Set(manifest.checkpoints.map { String($0.number) })
    let checkpoints = (try disk.list("\(directory)/checkpoints") ?? []).filter { !kept.contains($0) }
    let segments = try JournalContents.segments(in: directory, on: disk)
    let firstKept = segments.lastIndex { $0 <= manifest.oldestPosition } ?? 0
    return checkpoints.map { "checkpoints/\($0)" } + segments[..<firstKept].map { JournalContents.file($0) }
  }

  private func remove(_ paths: [String]) throws(StorageError) {
    for path in paths { try disk.removeTree("\(directory)/\(path)") }
  }

  /// The directory that holds a path; nil for a name alone.
  private static func parent(of path: String) -> String? {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.utf8.startIndex else { return nil }
    return String(path[..<slash])
  }
}
