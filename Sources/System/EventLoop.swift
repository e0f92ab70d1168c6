import CSystem

/// The one thread that accepts, reads, answers and writes. What is marked `@EventLoop` runs there and nowhere else, and
/// the compiler proves it; calls among it take no hop.
///
///     try EventLoop.start()
///     await EventLoop.run { watch = try EventLoop.watch(listener, for: .readable) { conditions in … } }
///
/// Handlers must not block: what takes more than a millisecond runs in slices (`nextTurn`) or on a `ThreadExecutor`.
@globalActor
package actor EventLoop {
  package static let shared = EventLoop()

  private nonisolated let executor = EventLoopExecutor(name: "rnnd.loop")

  package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  private static let isStarted = Monitor(false)

  /// Starts the loop's thread, if it has not been started. Nothing marked `@EventLoop` runs before.
  ///
  /// - Throws: when the system has no descriptor or thread left for it.
  package nonisolated static func start() throws(SystemError) {
    let failure = isStarted.withLock { isStarted -> SystemError? in
      if isStarted { return nil }
      do throws(SystemError) { try shared.executor.start(Turns()) } catch { return error }
      isStarted = true
      return nil
    }
    if let failure { throw failure }
  }

  /// Runs something on the loop.
  package static func run<Result: Sendable, Failure: Error>(
    _ body: @EventLoop () async throws(Failure) -> Result
  ) async throws(Failure) -> Result {
    try await body()
  }

  /// Whether the caller is on the loop's thread.
  package nonisolated static var isCurrent: Bool { shared.executor.isOnLoopThread }

  /// Calls what belongs to the loop from code of which only we know that it runs there.
  ///
  /// - Precondition: `isCurrent`.
  package nonisolated static func assumeIsolated<Result: Sendable>(_ body: @EventLoop () throws -> Result) rethrows
    -> Result
  {
    shared.executor.checkIsolated()
    // A function's isolation is no part of how it is called, as in the library's `MainActor.assumeIsolated`.
    return try withoutActuallyEscaping(body) { try unsafe unsafeBitCast($0, to: (() throws -> Result).self)() }
  }

  // What the loop knows, touched by the loop alone.

  @EventLoop private static var watched: [Int: WatchedDescriptor] = [:]
  @EventLoop private static var lastToken = -1
  @EventLoop private static var timers = TimerQueue<@EventLoop () -> Void>()
  @EventLoop private static var nextTurnBodies: [@EventLoop () -> Void] = []
}

extension EventLoop {
  /// A descriptor that the loop watches.
  package struct Watch: Hashable, Sendable {
    fileprivate let token: Int
  }

  private struct WatchedDescriptor {
    let descriptor: DescriptorNumber
    let handler: @EventLoop (PollConditions) -> Void
  }

  private struct DescriptorNumber: Pollable {
    let descriptorNumber: Int32
  }

  /// Calls `handler` whenever there is news of a descriptor, until `unwatch`; which has to come before the descriptor is
  /// closed.
  @EventLoop
  package static func watch(
    _ pollable: borrowing some Pollable & ~Copyable, for interest: PollInterest,
    handler: @escaping @EventLoop (PollConditions) -> Void
  ) throws(SystemError) -> Watch {
    // Tokens are never used again, so that what was reported for one before its end finds nobody.
    lastToken += 1
    let token = lastToken
    try poller().register(pollable, token: token, interest: interest)
    let descriptor = DescriptorNumber(descriptorNumber: pollable.descriptorNumber)
    watched[token] = WatchedDescriptor(descriptor: descriptor, handler: handler)
    return Watch(token: token)
  }

  /// Changes what is waited for; with nothing, only a hang-up is still reported.
  @EventLoop
  package static func setInterest(_ interest: PollInterest, of watch: Watch) throws(SystemError) {
    guard let found = watched[watch.token] else { return }
    try poller().modify(found.descriptor, token: watch.token, interest: interest)
  }

  /// Watches a descriptor no longer. Its handler is not called again, also not for what has been reported already.
  @EventLoop
  package static func unwatch(_ watch: Watch) {
    guard let found = watched.removeValue(forKey: watch.token) else { return }
    // It fails only if the descriptor has been closed before, which ended the watching too.
    try? poller().remove(found.descriptor)
  }

  @EventLoop
  private static func poller() throws(SystemError) -> Poller {
    guard let poller = shared.executor.poller else {
      throw .call(operation: "watch without an event loop", errno: EBADF, path: nil)
    }
    return poller
  }
}

extension EventLoop {
  /// Something that will be done.
  package typealias Timer = TimerID

  /// Does something once, after some time.
  @EventLoop
  @discardableResult
  package static func after(milliseconds: Int, _ body: @escaping @EventLoop () -> Void) -> Timer {
    timers.add(body, at: Deadline(afterMilliseconds: milliseconds).nanoseconds)
  }

  /// Does not do it after all.
  @EventLoop
  package static func cancel(_ timer: Timer) { timers.remove(timer) }

  /// Does something after the news that wait now: a slice of longer work.
  @EventLoop
  package static func nextTurn(_ body: @escaping @EventLoop () -> Void) { nextTurnBodies.append(body) }

  /// Lets the news that wait now be handled first.
  @EventLoop
  package static func nextTurn() async {
    await withCheckedContinuation { continuation in nextTurn { continuation.resume() } }
  }
}

extension EventLoop {
  /// What the executor asks for, on the loop's thread.
  private struct Turns: EventLoopExecutor.Delegate {
    func sleepLimitMilliseconds() -> Int32? { EventLoop.assumeIsolated { EventLoop.sleepLimitMilliseconds() } }
    func handle(_ event: PollEvent) { EventLoop.assumeIsolated { EventLoop.handle(event) } }
    func finishTurn() { EventLoop.assumeIsolated { EventLoop.finishTurn() } }
  }

  @EventLoop
  private static func sleepLimitMilliseconds() -> Int32? {
    if !nextTurnBodies.isEmpty { return 0 }
    return timers.nextNanoseconds.map { Deadline(nanoseconds: $0).remainingMilliseconds }
  }

  @EventLoop
  private static func handle(_ event: PollEvent) { watched[event.token]?.handler(event.conditions) }

  @EventLoop
  private static func finishTurn() {
    if !nextTurnBodies.isEmpty {
      var bodies: [@EventLoop () -> Void] = []
      swap(&bodies, &nextTurnBodies)
      for body in bodies { body() }
    }
    guard !timers.isEmpty else { return }
    let now = MonotonicClock.nanoseconds
    while let body = timers.popDue(at: now) { body() }
  }
}
