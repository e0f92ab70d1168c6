/// The threads that share one kernel's work, and the memory that its products pack their operands into.
///
/// Every kernel that takes a team gives the same bits whatever the number of its threads: work is split by output
/// tiles, never along a sum. A team serves one kernel at a time; it is not `Sendable`, so each thread that computes
/// has a team of its own. A team of one has no threads beside its owner's.
package final class ThreadTeam {
  /// How many threads compute, the caller's included.
  package let threadCount: Int

  /// Makes a team.
  ///
  /// - Parameters:
  ///   - threadCount: How many threads compute, the caller's included; at least one.
  ///   - niceness: The priority of the threads beside the caller's: 0 is normal, 19 the most modest.
  package init(threadCount: Int = 1, niceness: Int32 = 0) {
    precondition(threadCount >= 1, "ThreadTeam: no threads")
    self.threadCount = threadCount
  }
}
