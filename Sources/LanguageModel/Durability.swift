/// How much a lesson must survive before it is answered.
package enum Durability: String, CaseIterable, Sendable {
  /// A power cut: it is on the disk.
  case fsync
  /// The end of the daemon: the system has it, and writes it by and by.
  case os
  /// Nothing: it is written a little later.
  case memory
}
