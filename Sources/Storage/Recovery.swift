/// What a store holds when it is opened: the newest checkpoint and the records that came after it.
package struct Recovery: Sendable {
  /// Nil when none was ever made. Its files' checksums were found right.
  package let checkpoint: Checkpoint?
  /// From the checkpoint's position on (from 1 without one), in order, without a gap.
  package let records: [JournalRecord]
  /// Where each of `records` stands, for an owner whom one does not make sense to.
  package let places: [JournalPlace]
  /// The torn end that was cut, to be logged.
  package let cut: JournalCut?
  /// Why the store, though read, cannot be written (its disk is full or read-only, for instance): appends fail until
  /// `Store.heal` succeeds. The records behind `Store.durableSequence` may then not be on the disk itself.
  package let writeFailure: StorageError?
}

extension Recovery {
  /// - Parameter last: the sequence number of the last record that counts; that of the last one there when left out, and
  ///   then a torn end is worth telling.
  init(_ contents: StoreContents, through last: UInt64? = nil, writeFailure: StorageError?) {
    let journal = contents.journal
    let records = last.map { last in journal.records.filter { $0.sequence <= last } } ?? journal.records
    self.init(
      checkpoint: contents.checkpoint, records: records,
      places: Array(journal.places.prefix(records.count)),
      cut: last == nil ? journal.cut : nil, writeFailure: writeFailure)
  }
}
