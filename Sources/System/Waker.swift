import CSystem

/// A pollable doorbell: any thread rings it, the thread that waits on a poller finds it readable.
package final class Waker: Pollable, Sendable {
  #if os(Linux)
    private let bell: FileDescriptor
  #else
    private let bell: FileDescriptor
    private let button: FileDescriptor
  #endif

  package var descriptorNumber: Int32 { bell.descriptorNumber }

  package init() throws(SystemError) {
    #if os(Linux)
      bell = FileDescriptor(owning: try call("create waker") { eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)) })
    #else
      let pipe = try Pipe()
      try pipe.reading.setNonBlocking(true)
      try pipe.writing.setNonBlocking(true)
      bell = try pipe.reading.duplicate()
      button = try pipe.writing.duplicate()
    #endif
  }

  /// Makes the descriptor readable until `drain()`. Ringing twice is ringing once.
  package func wake() {
    #if os(Linux)
      let number = bell.descriptorNumber
    #else
      let number = button.descriptorNumber
    #endif
    var one: UInt64 = 1
    // It fails only when the bell has rung so often that it cannot count: then it is readable as it is.
    _ = try? callUnlessBlocking("wake") { unsafe rnnd_write(number, &one, 8) }
  }

  /// Makes the descriptor unreadable until the next `wake()`.
  package func drain() {
    let number = bell.descriptorNumber
    var counts: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    // An eventfd is empty after one read; what a pipe still holds is reported again.
    _ = try? callUnlessBlocking("drain") { unsafe rnnd_read(number, &counts, 32) }
  }
}
