import System

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
  let segmentByteLimit: Int
  let state: Monitor<State>
  /// Held while the journal is synced or its segment changed; taken before `state`.
  ///
  /// Its state means nothing, but has a size: one without shares its place with the lock's own, which the thread
  /// sanitizer takes for a race.
  let syncing = Monitor(false)

  init(_ directory: String, on disk: any Disk, segmentByteLimit: Int, _ contents: StoreContents) {
    let journal = contents.journal
    self.directory = directory
    self.disk = disk
    self.segmentByteLimit = segmentByteLimit
    identity = contents.manifest.identity
    state = Monitor(
      State(
        manifest: contents.manifest, segment: nil, failure: nil,
        carried: journal.records.filter { $0.sequence > journal.durableSequence },
        nextSequence: journal.lastSequence + 1, writtenSequence: journal.lastSequence,
        durableSequence: journal.durableSequence, journalByteCount: journal.byteCount, mark: nil,
        nextCheckpointNumber: 1 + (contents.manifest.checkpoints.first?.number ?? 0)))
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
      try settleManifest()
      try startSegment()
    }
  }

  /// Reads again what can be relied on: a checkpoint and the records up to `durableSequence`. For an owner who must take
  /// back what came after; after a failure before `heal`.
  ///
  /// - Parameter number: of a checkpoint that is kept; the newest when left out.
  /// - Throws: `corrupt`, `system`.
  package func recovery(from number: Int? = nil) throws(StorageError) -> Recovery {
    // A sync on another thread ends first, so that what is durable is decided.
    try syncing.withLock { _ throws(StorageError) in
      let (last, failure) = state.withLock { ($0.carried.last?.sequence ?? $0.durableSequence, $0.failure) }
      guard let contents = try StoreContents.read(directory, on: disk, from: number) else {
        throw .corrupt(file: Manifest.name, offset: 0, what: "it is missing")
      }
      try contents.checkpoint?.verify(in: directory, on: disk)
      return Recovery(contents, through: last, writeFailure: failure)
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
  func synchronizeExclusively() throws(StorageError) -> UInt64 {
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
  func synchronizeMark() {
    let file = state.withLock { $0.mark?.file }
    try? file?.synchronize()
  }
}
