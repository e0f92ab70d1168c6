import CSystem

/// State that threads share, and a way to sleep until it changes.
///
/// Not for use within tasks of Swift's pool: `wait` holds up the thread that calls it. It stands where the standard
/// library's `Mutex` could, because the thread sanitizer sees through POSIX's.
@safe
package final class Monitor<State: ~Copyable>: @unchecked Sendable {
  // Sendable: `state` is only touched while `mutex` is held.
  private var state: State
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>

  package init(_ state: consuming sending State) {
    self.state = state
    unsafe mutex = .allocate(capacity: 1)
    unsafe condition = .allocate(capacity: 1)
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(condition, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  /// Looks at or changes the state while no other thread does.
  package func withLock<Result, Failure: Error>(_ body: (inout State) throws(Failure) -> Result) throws(Failure)
    -> Result
  {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return try body(&state)
  }

  /// Changes the state and wakes every thread that waits, before any of them can act on the change.
  ///
  /// One of them may give up the last reference to this monitor: nothing of it is touched once the mutex is unlocked,
  /// which POSIX lets any other thread destroy from then on.
  package func announceChange<Result>(_ body: (inout State) -> Result) -> Result {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    let result = body(&state)
    unsafe pthread_cond_broadcast(condition)
    return result
  }

  /// Sleeps until `body`, which looks at the state or changes it while no other thread does, has an answer.
  package func wait<Answer>(for body: (inout State) -> Answer?) -> Answer {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    while true {
      if let answer = body(&state) { return answer }
      unsafe pthread_cond_wait(condition, mutex)
    }
  }
}
