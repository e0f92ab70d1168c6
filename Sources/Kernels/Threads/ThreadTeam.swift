/// The threads that share one kernel's work, and the memory that its products pack their operands into.
///
/// Every kernel that takes a team gives the same bits whatever the number of its threads: work is split by output
/// elements, never along a sum. A team serves one kernel at a time; it is not `Sendable`, so each thread that computes
/// has a team of its own. A team of one has no threads beside its owner's.
package final class ThreadTeam {
  /// How many threads compute, the caller's included.
  package let threadCount: Int

  private let scratch: Scratch
  private let crew: Crew?

  /// Makes a team and starts its threads, which sleep while there is nothing to do.
  ///
  /// Where the system gives no more threads, the team is smaller.
  ///
  /// - Parameters:
  ///   - threadCount: How many threads compute, the caller's included.
  ///   - niceness: The priority of the threads beside the caller's, on Linux: 0 is normal, 19 the most modest.
  /// - Precondition: `threadCount` is at least one.
  package init(threadCount: Int = 1, niceness: Int32 = 0) {
    precondition(threadCount >= 1, "ThreadTeam: no threads")
    let crew = threadCount > 1 ? Crew(helperCount: threadCount - 1, niceness: niceness) : nil
    self.threadCount = 1 + (crew?.helperCount ?? 0)
    self.crew = crew
    scratch = Scratch()
  }

  /// Makes a team of the calling thread, which packs into memory of its own.
  private init(alone scratch: Scratch) {
    threadCount = 1
    crew = nil
    self.scratch = scratch
  }

  deinit {
    crew?.stop()
  }

  /// Room for at least `count` numbers that all threads may read and write, whatever they are; good until the next call.
  func sharedMemory(count: Int) -> UnsafeMutablePointer<Float> { unsafe scratch.sharedMemory(count: count) }

  /// Does all items of a piece of work, in portions of `grain`, on whichever threads come first; returns when all is
  /// done.
  ///
  /// - Parameter grain: How many items are worth handing to another thread, which takes about a microsecond.
  func run(_ work: some TeamWork, count: Int, grain: Int) {
    guard count > 0 else { return }
    if let crew, count > grain {
      crew.run(work, count: count, grain: max(grain, 1), scratch: scratch)
    } else {
      work.run(0..<count, scratch: scratch)
    }
  }

  /// Cuts items into a share for each thread, and has each thread do one by itself: many kernels in a row without the
  /// threads waiting for each other.
  ///
  /// - Parameter body: Does a share's items, with a team of the thread that does it; called from several threads at once.
  package func forEachShare(of count: Int, _ body: (_ items: Range<Int>, _ team: ThreadTeam) -> Void) {
    withoutActuallyEscaping(body) { body in
      let shares = EvenSplit(0..<count, count: threadCount)
      run(SharesWork(shares: shares) { body($0, ThreadTeam(alone: $1)) }, count: shares.count, grain: 1)
    }
  }
}

private struct SharesWork: TeamWork {
  let shares: EvenSplit
  let body: (Range<Int>, Scratch) -> Void

  func run(_ items: Range<Int>, scratch: Scratch) {
    for item in items { body(shares.range(of: item), scratch) }
  }
}

/// A piece of work made of numbered items that do not depend on each other, so that any thread may do any of them.
protocol TeamWork {
  /// Does some of the items. Called from several threads at once, with a scratch of each one's own.
  func run(_ items: Range<Int>, scratch: Scratch)
}
