import CSystem
import Synchronization

/// Runs an actor's jobs on a thread that also waits for descriptors, in turns: the jobs that are due, then the news.
///
/// A job that comes from the loop's own thread costs a lock and no system call; one from another thread wakes the loop
/// only if it sleeps.
package final class EventLoopExecutor: SerialExecutor {
  /// What the loop's owner has to say. Called on the loop's thread only, outside of any job.
  package protocol Delegate: Sendable {
    /// How long the loop may sleep; nil for ever.
    func sleepLimitMilliseconds() -> Int32?
    /// There is news of a registered descriptor.
    func handle(_ event: PollEvent)
    /// The news of one turn has been handled.
    func finishTurn()
  }

  private struct State: ~Copyable {
    var jobs: [UnownedJob] = []
    /// Whether the loop waits for descriptors and has to be woken for a job.
    var isAsleep = false
    var isStopping = false
    var thread: ServiceThread?
    var waker: Waker?
    var poller: Poller?
  }

  private let name: String
  private let state = Mutex(State())
  /// Which thread the loop is on; 0 before it runs.
  private let runner = Atomic<UInt>(0)

  private static let wakerToken = -1

  package init(name: String) { self.name = name }

  /// Starts the loop on a thread of its own; once. Jobs that came before are run then.
  ///
  /// - Throws: when the system has no descriptor or thread left for it.
  package func start(_ delegate: some Delegate) throws(SystemError) {
    let poller = try Poller()
    let waker = try Waker()
    try poller.register(waker, token: Self.wakerToken, interest: .readable)
    let failure = state.withLock { state -> SystemError? in
      precondition(state.poller == nil, "the event loop has been started before")
      do throws(SystemError) {
        state.thread = try ServiceThread(name: name) { self.run(poller, waker, delegate) }
        state.poller = poller
        state.waker = waker
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
  }

  /// Where descriptors are registered under tokens of 0 and above; nil before `start`.
  package var poller: Poller? { state.withLock { $0.poller } }

  /// Ends the loop after the jobs that are due and waits for its thread. Later jobs are never run.
  package func stop() {
    var thread: ServiceThread?
    let waker = state.withLock { state in
      state.isStopping = true
      thread = state.thread.take()
      return state.waker
    }
    waker?.wake()
    if let thread = consume thread { thread.join() }
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let waker = state.withLock { state in
      state.jobs.append(job)
      defer { state.isAsleep = false }
      return state.isAsleep ? state.waker : nil
    }
    waker?.wake()
  }

  /// Whether the caller runs on the loop's thread.
  package var isOnLoopThread: Bool { runner.load(ordering: .relaxed) == ServiceThread.current }

  package func checkIsolated() {
    precondition(isOnLoopThread, "not on the event loop's thread")
  }

  package func isIsolatingCurrentContext() -> Bool? { isOnLoopThread }

  private func run(_ poller: Poller, _ waker: Waker, _ delegate: some Delegate) {
    runner.store(ServiceThread.current, ordering: .relaxed)
    var events: [PollEvent] = []
    var jobs: [UnownedJob] = []
    while takeJobs(into: &jobs) {
      let isBusy = !jobs.isEmpty
      runJobs(&jobs)
      do {
        try poller.wait(timeoutMilliseconds: isBusy ? 0 : delegate.sleepLimitMilliseconds(), into: &events)
      } catch {
        // Only a mistake of our own makes a wait fail (a poller that is none, a buffer that is none).
        preconditionFailure("\(error)")
      }
      stayAwake()
      for event in events {
        if event.token == Self.wakerToken { waker.drain() } else { delegate.handle(event) }
      }
      delegate.finishTurn()
    }
    runner.store(0, ordering: .relaxed)
  }

  /// Takes the jobs that are due, and goes to sleep when there are none; false when the loop has to end.
  private func takeJobs(into jobs: inout [UnownedJob]) -> Bool {
    state.withLock { state in
      swap(&jobs, &state.jobs)
      state.isAsleep = jobs.isEmpty
      return !(jobs.isEmpty && state.isStopping)
    }
  }

  private func stayAwake() { state.withLock { $0.isAsleep = false } }

  private func runJobs(_ jobs: inout [UnownedJob]) {
    let reference = unsafe asUnownedSerialExecutor()
    for job in jobs { unsafe job.runSynchronously(on: reference) }
    jobs.removeAll(keepingCapacity: true)
  }
}
