package import System

/// The thread that serves: whatever is isolated to this actor runs on it, one thing at a time.
///
/// Its executor is the polling loop itself, so a handler that is called because a descriptor is readable is already
/// on the actor: from the first byte of a request to the last of its answer nothing hops between threads, and the
/// compiler proves what may touch connections and models without a lock.
///
/// Nothing on the loop may block or take longer than about a millisecond. It waits without a timeout unless a timer
/// is set: an idle daemon uses no processor time.
@globalActor
package actor EventLoop {
  package static let shared = EventLoop()

  private nonisolated let executor = LoopExecutor()

  package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  @EventLoop private static var reactor: Reactor?

  /// Starts the loop's thread, if that has not been done. Nothing isolated to the loop runs before.
  ///
  /// - Throws: when the system has no descriptor or thread left for it.
  package nonisolated static func start() throws(SystemError) {
    guard let machinery = try shared.executor.start() else { return }
    later {
      reactor = Reactor(poller: machinery.poller, waker: machinery.waker)
      turn()
    }
  }

  /// One round: waits for events unless a job is due, handles them, and asks for the next round behind the jobs that
  /// came up. As a job like any other, it is isolated to the loop without anyone having to assume so.
  @EventLoop
  private static func turn() {
    guard let reactor else { return }
    reactor.endRound()
    let mayWait = !reactor.isTurnDue && shared.executor.fallAsleep()
    reactor.wait(whileNothingHappens: mayWait)
    shared.executor.wakeUp()
    reactor.handleEvents()
    later { turn() }
  }
}

extension EventLoop {
  /// Does something on the loop, behind the jobs that wait there.
  ///
  /// Every task of the daemon begins here. It prefers the loop also for what no actor claims: the toolchain resumes each
  /// continuation as a job of no actor in particular, which would be the global pool's to hand back to the loop, at the
  /// price of two changes of threads, and of a pool that looks after its threads every second ever after.
  nonisolated static func later(_ body: @escaping @EventLoop () async -> Void) {
    Task(executorPreference: tasks, operation: body)
  }

  /// What the tasks of the loop prefer.
  nonisolated static var tasks: any TaskExecutor { shared.executor }

  /// Lets the jobs that wait on the loop go first.
  @EventLoop
  static func letOthersGoFirst() async {
    await withCheckedContinuation { continuation in later { continuation.resume() } }
  }
}

extension EventLoop {
  /// A descriptor that the loop watches.
  struct Watch: Hashable, Sendable {
    fileprivate let token: Int
  }

  /// Calls `handler` whenever there is news of a descriptor, until ``unwatch(_:)``, which comes before its closing.
  @EventLoop
  static func watch(
    _ pollable: borrowing some Pollable & ~Copyable, for interest: PollInterest,
    handler: @escaping @EventLoop (PollConditions) -> Void
  ) throws(SystemError) -> Watch {
    guard let reactor else { throw .notReady(message: "the event loop does not run") }
    return Watch(token: try reactor.watch(pollable, for: interest, handler: handler))
  }

  /// Changes what is waited for; with nothing, only a hang-up is still reported.
  @EventLoop
  static func setInterest(_ interest: PollInterest, of watch: Watch) throws(SystemError) {
    try reactor?.setInterest(interest, token: watch.token)
  }

  /// Watches a descriptor no longer: its handler isn't called again, also not for what was reported already.
  @EventLoop
  static func unwatch(_ watch: Watch) { reactor?.unwatch(watch.token) }

  /// What is to happen after some time.
  struct Timer: Hashable, Sendable {
    fileprivate let number: Int
  }

  /// Calls `action` once, after some time. Only while a timer is set does the loop wait with a timeout.
  @EventLoop
  static func after(milliseconds: Int, _ action: @escaping @EventLoop () -> Void) -> Timer {
    Timer(number: reactor?.addTimer(at: Deadline(afterMilliseconds: milliseconds), action) ?? 0)
  }

  @EventLoop
  static func cancel(_ timer: Timer) { reactor?.cancelTimer(timer.number) }

  /// Whether several descriptors had news in this round, so that what they ask for may be done together.
  @EventLoop
  static var isCrowded: Bool { reactor?.isCrowded ?? false }

  /// How many rounds there were.
  @EventLoop
  static var round: Int { reactor?.round ?? 0 }

  /// Calls `action` when it is its turn.
  ///
  /// All who keep the loop busy stand in one line, of whom one goes on in each round. Who has something short to ask, and
  /// hasn't been in this round, is served before them. So news wait for one stretch of somebody's work, however many keep
  /// the loop busy.
  @EventLoop
  static func inTurn(_ action: @escaping @EventLoop () -> Void) { reactor?.inTurn(action) }

  /// Says that somebody is served at once, past those who wait for a turn, who leave him time for his next question.
  @EventLoop
  static func noteServed() { reactor?.noteServed() }

  /// Lets the events that came meanwhile, the jobs that are due, and all who wait for their turn, have it first.
  @EventLoop
  static func nextTurn() async {
    await withCheckedContinuation { continuation in inTurn { continuation.resume() } }
  }
}
