import Synchronization
import System

/// The executor behind ``EventLoop``: runs its jobs in the order in which they came, on a thread of its own.
///
/// A job that the loop's own thread brings costs a lock and no system call; one from another thread wakes the loop only
/// if it waits for events.
final class LoopExecutor: SerialExecutor, TaskExecutor {
  /// What the loop waits with.
  struct Machinery: Sendable {
    let poller: Poller
    let waker: Waker
  }

  private struct State {
    var jobs: [UnownedJob] = []
    var machinery: Machinery?
    /// Whether the loop waits for events and must be woken for a job.
    var isAsleep = false
  }

  private let state = Monitor(State())
  /// How many of the jobs that the loop has taken out are still to run. Only the loop's thread touches it.
  private let takenCount = Atomic<Int>(0)

  /// Starts the thread; nil when it runs already.
  func start() throws(SystemError) -> Machinery? {
    let poller = try Poller()
    let waker = try Waker()
    try poller.register(waker, token: Reactor.wakerToken, interest: .readable)
    let machinery = Machinery(poller: poller, waker: waker)
    let outcome = state.withLock { state -> Result<Machinery?, SystemError> in
      guard state.machinery == nil else { return .success(nil) }
      do throws(SystemError) {
        // The thread lives as long as the process.
        let thread = try ServiceThread(name: "rnnd.loop") { self.run() }
        thread.detach()
        state.machinery = machinery
        return .success(machinery)
      } catch {
        return .failure(error)
      }
    }
    return try outcome.get()
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let waker = state.withLock { state -> Waker? in
      state.jobs.append(job)
      guard state.isAsleep else { return nil }
      state.isAsleep = false
      return state.machinery?.waker
    }
    waker?.wake()
  }

  /// Announces that the loop is about to wait for events; false when a job is due, so that it mustn't.
  func fallAsleep() -> Bool {
    let hasTaken = takenCount.load(ordering: .relaxed) > 0
    return state.withLock { state in
      state.isAsleep = state.jobs.isEmpty && !hasTaken
      return state.isAsleep
    }
  }

  func wakeUp() { state.withLock { $0.isAsleep = false } }

  /// Runs jobs for ever. There is always a next one, as the loop's own round is a job too, and it sleeps in that.
  private func run() {
    let actor = unsafe asUnownedSerialExecutor()
    let tasks = unsafe asUnownedTaskExecutor()
    var jobs: [UnownedJob] = []
    while true {
      state.withLock { state in swap(&state.jobs, &jobs) }
      for (index, job) in jobs.enumerated() {
        takenCount.store(jobs.count - index - 1, ordering: .relaxed)
        unsafe job.runSynchronously(isolatedTo: actor, taskExecutor: tasks)
      }
      jobs.removeAll(keepingCapacity: true)
    }
  }
}
