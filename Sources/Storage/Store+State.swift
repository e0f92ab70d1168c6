extension Store {
  /// What appending and syncing threads share.
  struct State {
    var manifest: Manifest
    /// Whether the manifest is known to be on the disk itself, and not only where readers find it.
    var isManifestSettled = false
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
}

extension Store.State {
  /// Adds a record behind those that wait to be written.
  mutating func encode(_ payload: [UInt8], identity: UInt64) -> UInt64 {
    let sequence = nextSequence
    JournalFormat.append(payload, sequence: sequence, durable: durableSequence, identity: identity, to: &pending)
    nextSequence += 1
    return sequence
  }

  /// Writes what waits. When it throws, all of it still waits and the file is as it was, or `failure` is set.
  mutating func writePending() throws(StorageError) {
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
  mutating func dropDoubtful() {
    segment = nil
    pending = []
    let last = carried.last?.sequence ?? durableSequence
    writtenSequence = last
    nextSequence = last + 1
  }
}
