import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What threads that have nothing to do sleep beside until someone rings.
///
/// Ringing costs one atomic read while nobody sleeps.
///
/// Sendable by proof: the mutex and the condition are made for use by several threads and stay in one place; the count
/// is atomic.
@safe
final class Bell: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let sleeperCount = Atomic<Int>(0)

  init() {
    unsafe mutex.initialize(to: pthread_mutex_t())
    unsafe condition.initialize(to: pthread_cond_t())
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(condition, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  /// Wakes every sleeper.
  func ring() {
    unsafe pthread_mutex_lock(mutex)
    unsafe pthread_cond_broadcast(condition)
    unsafe pthread_mutex_unlock(mutex)
  }

  /// Wakes every sleeper, if there are any.
  ///
  /// What the sleepers' conditions look at must have been written, sequentially consistent, before.
  func ringIfAnyoneSleeps() {
    if sleeperCount.load(ordering: .sequentiallyConsistent) > 0 { ring() }
  }

  /// Sleeps until `condition` holds; it is looked at before sleeping and after each ring.
  func sleep(until isOver: () -> Bool) {
    unsafe pthread_mutex_lock(mutex)
    sleeperCount.add(1, ordering: .sequentiallyConsistent)
    while !isOver() { unsafe pthread_cond_wait(condition, mutex) }
    sleeperCount.subtract(1, ordering: .sequentiallyConsistent)
    unsafe pthread_mutex_unlock(mutex)
  }
}
