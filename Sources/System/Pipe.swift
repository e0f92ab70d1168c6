import CSystem

/// A one-way channel between threads or processes, closed on exec.
package struct Pipe: ~Copyable, Sendable {
  package let reading: FileDescriptor
  package let writing: FileDescriptor

  package init() throws(SystemError) {
    var numbers: (Int32, Int32) = (-1, -1)
    try call("create pipe") {
      unsafe withUnsafeMutablePointer(to: &numbers) { pair in
        unsafe pair.withMemoryRebound(to: Int32.self, capacity: 2) { unsafe rnnd_pipe($0) }
      }
    }
    reading = FileDescriptor(owning: numbers.0)
    writing = FileDescriptor(owning: numbers.1)
  }

  /// Closes both ends.
  package consuming func close() {}
}
