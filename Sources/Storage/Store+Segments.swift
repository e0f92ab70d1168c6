import System

extension Store {
  static let temporarySuffix = ".tmp"

  /// Ends the segment and begins the next one.
  func roll() throws(StorageError) {
    try syncing.withLock { _ throws(StorageError) in
      _ = try synchronizeExclusively()
      try startSegment()
    }
  }

  /// Begins a segment behind all that is durable, with the carried records in it; `syncing` is held.
  ///
  /// The segment is durable in full before it gets its name, from which moment on it replaces what other segments hold
  /// from its first sequence number on. Whether it got its name is in doubt when that fails, so that then no other
  /// segment may grow any more.
  func startSegment() throws(StorageError) {
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
