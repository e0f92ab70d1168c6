/// What a store holds when it is opened: the newest checkpoint and the records that came after it.
package struct Recovery: Sendable {
  /// Nil when none was ever made. Its files' checksums were found right.
  package let checkpoint: Checkpoint?
  /// From the checkpoint's position on (from 1 without one), in order, without a gap.
  package let records: [JournalRecord]
  /// The torn end that was cut, to be logged.
  package let cut: JournalCut?
  /// Why the store, though read, cannot be written (its disk is full or read-only, for instance): appends fail until
  /// `Store.heal` succeeds. The records behind `Store.durableSequence` may then not be on the disk itself.
  package let writeFailure: StorageError?
}
