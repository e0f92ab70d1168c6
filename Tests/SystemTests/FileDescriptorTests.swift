import Foundation
import TestSupport
import Testing

@testable import System

@Suite("FileDescriptor")
struct FileDescriptorTests {
  @Test("A descriptor is closed with its owner's life, and not when it was given away")
  func closesItself() throws {
    let pipe = try System.Pipe()
    let number: Int32
    do {
      let copy = try pipe.reading.duplicate(lowest: 200)
      number = copy.descriptorNumber
      #expect(number >= 200)
      #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0)
    }
    #expect(fcntl(number, F_GETFD) == -1)
    let released = try pipe.reading.duplicate(lowest: 300).release()
    #expect(fcntl(released, F_GETFD) != -1)
    close(released)
  }

  @Test("A stream is read to its end, or refused when it is longer than the limit", arguments: [0, 1, 70_000])
  func readsToEnd(byteCount: Int) throws {
    let content = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0) }
    for limit in [byteCount - 1, byteCount, byteCount + 1, .max] where limit >= 0 {
      let directory = try TemporaryDirectory()
      try AtomicFile.replace(directory["file"], with: content)
      let descriptor = try FileSystem.openForReading(directory["file"])
      #expect(try descriptor.readToEnd(byteLimit: limit) == (limit < byteCount ? nil : content))
    }
  }

  @Test("All is written to a reader that is slower than the writer", arguments: [false, true])
  func writesAll(isNonBlocking: Bool) throws {
    let pipe = try System.Pipe()
    try pipe.writing.setNonBlocking(isNonBlocking)
    let content = (0..<500_000).map { UInt8(truncatingIfNeeded: $0 >> 4) }
    let writing = WritingEnd(try pipe.writing.duplicate())
    let reading = try pipe.reading.duplicate()
    pipe.close()
    let thread = try ServiceThread(name: "test") { writing.write(content) }
    let found = try reading.readToEnd(byteLimit: 1_000_000)
    thread.join()
    #expect(found == content)
  }

  /// The end of a pipe that a thread writes to and then closes.
  private final class WritingEnd: @unchecked Sendable {
    // Sendable: only the thread that writes uses it.
    private var descriptor: FileDescriptor?

    init(_ descriptor: consuming FileDescriptor) { self.descriptor = consume descriptor }

    func write(_ content: [UInt8]) {
      guard let descriptor = descriptor.take() else { return }
      try? descriptor.writeAll(content.span)
    }
  }

  @Test("Writing to a pipe that nobody reads is a disconnection, not the end of the process")
  func writesToNobody() throws {
    Signal.ignoreBrokenPipe()
    let pipe = try System.Pipe()
    let writing = try pipe.writing.duplicate()
    pipe.close()
    let error = #expect(throws: SystemError.self) { try writing.writeAll([1].span) }
    #expect(error == .call(operation: "write", errno: EPIPE, path: nil))
    #expect(error?.isDisconnection == true)
  }

  @Test("Waiting ends with the time when nothing comes")
  func waits() throws {
    let pipe = try System.Pipe()
    #expect(try pipe.reading.waitUntilReadable(timeoutMilliseconds: 1) == false)
    #expect(try pipe.writing.waitUntilWritable(timeoutMilliseconds: 1))
    try pipe.writing.writeAll([1].span)
    #expect(try pipe.reading.waitUntilReadable(timeoutMilliseconds: 0))
  }
}
