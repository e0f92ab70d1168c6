import CSystem
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The helper threads of a team, and the door through which they enter its work.
///
/// The owner puts up a job, opens the door, works along, closes the door and waits until nobody is left inside. A
/// helper that comes late finds the door closed and has missed nothing.
///
/// Sendable by proof: `job` is written by the owner alone while the door is closed and nobody is inside, and read only
/// inside; entering and leaving are atomic operations that order these. `helpers` is written and read by the owner.
/// Everything else is atomic, immutable or belongs to `bell`.
@safe
final class Crew: @unchecked Sendable {
  /// What a helper does inside: a piece of work, reached without knowing its type.
  @unsafe
  private struct Job {
    var work: UnsafeRawPointer
    var perform: (UnsafeRawPointer, Range<Int>, Scratch) -> Void
    var count: Int
    var grain: Int
  }

  /// The number inside in the low 16 bits, whether it is open in the next, above them the job's number.
  private let door = Atomic<UInt64>(0)
  private static let openBit: UInt64 = 1 << 16
  private static let insideMask: UInt64 = openBit - 1

  private let nextItem = Atomic<Int>(0)
  private let isStopping = Atomic<Bool>(false)
  private let bell = Bell()
  private let niceness: Int32
  private var job: Job?
  private var jobNumber: UInt64 = 0
  private var helpers: [pthread_t] = []

  /// How often a thread looks again before it sleeps: some 50 microseconds, longer than the pauses within a training
  /// step, shorter than anyone would notice as load.
  private static let patience = 2000

  var helperCount: Int { helpers.count }

  init(helperCount: Int, niceness: Int32) {
    self.niceness = niceness
    for _ in 0..<min(helperCount, 1023) {
      guard let helper = startHelper() else { break }
      helpers.append(helper)
    }
  }

  private func startHelper() -> pthread_t? {
    let argument = unsafe Unmanaged.passRetained(self)
    #if canImport(Glibc)
      var thread = pthread_t()
    #else
      var thread: pthread_t?
    #endif
    let failure = unsafe pthread_create(&thread, nil, helperMain, argument.toOpaque())
    guard failure == 0 else {
      unsafe argument.release()
      return nil
    }
    return thread
  }

  /// Ends the helpers, and returns when they have ended.
  func stop() {
    isStopping.store(true, ordering: .sequentiallyConsistent)
    bell.ring()
    for helper in helpers { pthread_join(helper, nil) }
    helpers = []
  }

  /// Does a piece of work together with the helpers.
  func run<Work: TeamWork>(_ work: Work, count: Int, grain: Int, scratch: Scratch) {
    unsafe withUnsafePointer(to: work) { pointer in
      unsafe job = Job(
        work: UnsafeRawPointer(pointer),
        perform: { raw, items, scratch in
          unsafe raw.assumingMemoryBound(to: Work.self).pointee.run(items, scratch: scratch)
        }, count: count, grain: grain)
      nextItem.store(0, ordering: .relaxed)
      jobNumber &+= 1
      door.store(jobNumber << 17 | Self.openBit, ordering: .sequentiallyConsistent)
      bell.ringIfAnyoneSleeps()
      performItems(scratch: scratch)
      door.bitwiseAnd(~Self.openBit, ordering: .acquiringAndReleasing)
      waitUntilEmpty()
      unsafe job = nil
    }
  }

  private func waitUntilEmpty() {
    var looks = 0
    while door.load(ordering: .acquiring) & Self.insideMask != 0 {
      looks += 1
      if looks < Self.patience { rnnd_relax() } else { sched_yield() }
    }
  }

  /// Takes portions of the job until none is left.
  private func performItems(scratch: Scratch) {
    guard let job = unsafe job else { return }
    let (count, grain) = unsafe (job.count, job.grain)
    while true {
      let first = nextItem.add(grain, ordering: .relaxed).oldValue
      guard first < count else { return }
      unsafe job.perform(job.work, first..<min(first + grain, count), scratch)
    }
  }

  /// A helper's life.
  func help() {
    lowerPriority()
    let scratch = Scratch()
    var lastJob: UInt64 = 0
    var looks = 0
    while !isStopping.load(ordering: .relaxed) {
      if enter(after: lastJob) {
        performItems(scratch: scratch)
        lastJob = door.subtract(1, ordering: .releasing).oldValue >> 17
        looks = 0
      } else if looks < Self.patience {
        looks += 1
        rnnd_relax()
      } else {
        bell.sleep { self.isStopping.load(ordering: .sequentiallyConsistent) || self.isOpen(after: lastJob) }
        looks = 0
      }
    }
  }

  private func isOpen(after lastJob: UInt64) -> Bool {
    let word = door.load(ordering: .sequentiallyConsistent)
    return word & Self.openBit != 0 && word >> 17 != lastJob
  }

  /// Goes in, if a job other than `lastJob` is on.
  private func enter(after lastJob: UInt64) -> Bool {
    let word = door.load(ordering: .relaxed)
    guard word & Self.openBit != 0, word >> 17 != lastJob else { return false }
    return door.compareExchange(expected: word, desired: word + 1, ordering: .acquiringAndReleasing).exchanged
  }

  private func lowerPriority() {
    #if os(Linux)
      // On Linux a priority belongs to a thread, and 0 names the calling one. A refusal leaves it as it was.
      if niceness != 0 { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness) }
    #endif
  }
}

#if canImport(Glibc)
  private func helperMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let argument = unsafe argument { unsafe Unmanaged<Crew>.fromOpaque(argument).takeRetainedValue().help() }
    return nil
  }
#else
  private func helperMain(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    unsafe Unmanaged<Crew>.fromOpaque(argument).takeRetainedValue().help()
    return nil
  }
#endif
