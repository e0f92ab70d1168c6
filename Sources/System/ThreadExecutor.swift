import CSystem

/// Runs an actor's jobs one after the other on a thread of its own, outside Swift's pool, so that long work there holds
/// up nobody else.
///
///     actor Trainer {
///       private let executor = ThreadExecutor(name: "trainer", nice: 10)
///       nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
///     }
///
/// The thread starts with the first job and sleeps while there is none. No job is ever lost: one that comes after
/// `stop()` starts the thread again, and where the system refuses a thread, jobs run on the thread that brings them.
package final class ThreadExecutor: SerialExecutor, TaskExecutor {
  private struct State: ~Copyable {
    var jobs: [UnownedJob] = []
    /// Keeps the executor alive while it has jobs.
    var executor: ThreadExecutor?
    /// The thread, until somebody joins or detaches it.
    var thread: ServiceThread?
    /// Whether some thread runs jobs, or is about to.
    var isRunning = false
    /// Whether that thread ends when it has no more jobs.
    var isStopping = false
    /// Which thread it is; 0 while none runs jobs.
    var runner: UInt = 0
    /// The kernel's number of it.
    var runnerNumber: Int32 = 0
    var nice: Int32
  }

  private let name: String
  private let state: Monitor<State>

  /// - Parameters:
  ///   - name: of the thread; Linux keeps 15 bytes of it.
  ///   - nice: how far the thread steps back behind others, 0 (not at all) to 19.
  package init(name: String, nice: Int = 0) {
    self.name = name
    state = Monitor(State(nice: Int32(clamping: nice)))
  }

  deinit { stop() }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    // Whoever enqueues has no reference to this executor. Once the thread can take the job, it may run it to its end and
    // let go of the executor and its actor with it, so the state is held here and `self` is not touched any more.
    let kept = unsafe Unmanaged.passRetained(state)
    defer { unsafe kept.release() }
    let shared = state
    let mustRunHere = shared.announceChange { [name] state in
      state.jobs.append(job)
      state.executor = self
      if state.isRunning { return false }
      state.isRunning = true
      do {
        state.thread = try ServiceThread(name: name) { [shared] in Self.run(shared) }
        return false
      } catch {
        state.isStopping = true
        return true
      }
    }
    if mustRunHere { Self.run(shared) }
  }

  /// Lets the thread run what is queued, and waits for its end; on the thread itself, does not wait.
  package func stop() {
    let isOwnThread = isOnThread
    var thread: ServiceThread?
    state.announceChange { state in
      if state.isRunning { state.isStopping = true }
      thread = state.thread.take()
    }
    guard let thread = consume thread else { return }
    if isOwnThread { thread.detach() } else { thread.join() }
  }

  /// Whether the caller runs on this executor's thread.
  package var isOnThread: Bool {
    let current = ServiceThread.current
    return state.withLock { $0.runner == current }
  }

  package func checkIsolated() {
    precondition(isOnThread, "not on the thread of \(name)")
  }

  package func isIsolatingCurrentContext() -> Bool? { isOnThread }

  /// Changes how far the thread steps back behind others, 0 (not at all) to 19.
  ///
  /// - Throws: when the value is lower than before and the user may not do that.
  package func setNice(_ nice: Int) throws(SystemError) {
    let nice = Int32(clamping: nice)
    let number = state.withLock { state in
      state.nice = nice
      return state.runner == 0 ? 0 : state.runnerNumber
    }
    if number != 0 { try call("set nice value of thread") { rnnd_thread_set_nice(number, nice) } }
  }

  /// Runs jobs until there are none left and an end is asked for.
  private static func run(_ state: Monitor<State>) {
    state.withLock { state in
      state.runner = ServiceThread.current
      state.runnerNumber = rnnd_thread_number()
      // Refused only where the user may not raise its priority: then the thread runs as all others do. A thread that
      // is only lent keeps its own.
      if !state.isStopping, state.nice != 0 { _ = rnnd_thread_set_nice(state.runnerNumber, state.nice) }
    }
    while runBatch(state) {}
  }

  /// Runs the jobs that wait; false when there are none and an end is asked for.
  private static func runBatch(_ state: Monitor<State>) -> Bool {
    let batch: (jobs: [UnownedJob], executor: ThreadExecutor?) = state.wait { state in
      if let executor = state.executor.take() {
        defer { state.jobs = [] }
        return (state.jobs, executor)
      }
      guard state.isStopping else { return nil }
      state.isRunning = false
      state.isStopping = false
      state.runner = 0
      return ([], nil)
    }
    guard let executor = batch.executor else { return false }
    let actor = unsafe executor.asUnownedSerialExecutor()
    let tasks = unsafe executor.asUnownedTaskExecutor()
    for job in batch.jobs { unsafe job.runSynchronously(isolatedTo: actor, taskExecutor: tasks) }
    return true
  }
}
