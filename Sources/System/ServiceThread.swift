import CSystem

/// A thread that the system runs for us, outside Swift's pool. Its owner joins or detaches it, exactly once.
package struct ServiceThread: ~Copyable, Sendable {
  /// As much as the main thread commonly has: parsers and cells may go deep.
  static var stackByteCount: Int { 8 << 20 }

  private let thread: UInt

  /// Starts a thread.
  ///
  /// - Parameters:
  ///   - name: shown by `top -H` and debuggers; Linux keeps 15 bytes of it.
  ///   - body: what it does; its return ends the thread.
  /// - Throws: when the system has no room for another thread.
  package init(name: String, body: @escaping @Sendable () -> Void) throws(SystemError) {
    let work = unsafe Unmanaged.passRetained(Work(name: name, body: body))
    var started: UInt = 0
    do {
      try callReturningError("start thread") {
        unsafe rnnd_thread_start(&started, Self.stackByteCount, runWork, work.toOpaque())
      }
    } catch {
      unsafe work.release()
      throw error
    }
    thread = started
  }

  /// Waits for the thread's end. Not for the thread itself.
  package consuming func join() { rnnd_thread_join(thread) }

  /// Lets the thread end by itself.
  package consuming func detach() { rnnd_thread_detach(thread) }

  /// What tells the calling thread from all others that live.
  static var current: UInt { UInt(rnnd_thread_self()) }
}

/// What a thread is handed at its start.
private final class Work: Sendable {
  let name: String
  let body: @Sendable () -> Void

  init(name: String, body: @escaping @Sendable () -> Void) {
    self.name = name
    self.body = body
  }
}

private func runWork(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let context = unsafe context else { return nil }
  let work = unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue()
  let shortened = String(decoding: work.name.utf8.prefix(15), as: UTF8.self)
  unsafe shortened.withCString { unsafe rnnd_thread_set_name($0) }
  work.body()
  return nil
}
