import CSystem

/// What a read found.
package enum ReadOutcome: Equatable, Sendable {
  case bytes(Int)
  /// The other end will send nothing more.
  case endOfFile
  /// Nothing is there yet.
  case wouldBlock
}

/// What a write achieved.
package enum WriteOutcome: Equatable, Sendable {
  case bytes(Int)
  /// There is no room yet.
  case wouldBlock
}

/// Anything that a `Poller` can watch.
package protocol Pollable: ~Copyable {
  /// The number of the open descriptor. It is the owner's: good for looking, not for closing.
  var descriptorNumber: Int32 { get }
}

/// What bytes can be written to, perhaps not all at once.
package protocol Writable: ~Copyable {
  /// Writes once, as much as there is room for.
  borrowing func write(_ bytes: Span<UInt8>) throws(SystemError) -> WriteOutcome
  /// Waits until there is room to write (or the other end has hung up); false when the time was over first.
  ///
  /// - Parameter timeoutMilliseconds: how long to wait at most; nil for ever.
  borrowing func waitUntilWritable(timeoutMilliseconds: Int?) throws(SystemError) -> Bool
}

extension Writable where Self: ~Copyable {
  /// Writes everything, waiting for room as often as it takes.
  package borrowing func writeAll(_ bytes: Span<UInt8>) throws(SystemError) {
    var written = 0
    while written < bytes.count {
      switch try write(bytes.extracting(written..<bytes.count)) {
      case .bytes(let count): written += count
      case .wouldBlock: _ = try waitUntilWritable(timeoutMilliseconds: nil)
      }
    }
  }
}

/// An open file description that closes itself with its owner's life.
package struct FileDescriptor: ~Copyable, Sendable, Pollable, Writable {
  package let descriptorNumber: Int32

  /// Takes over an open descriptor: nobody else may close it.
  package init(owning descriptorNumber: Int32) {
    self.descriptorNumber = descriptorNumber
  }

  deinit { _ = rnnd_close(descriptorNumber) }

  /// Gives up ownership: the caller closes it.
  package consuming func release() -> Int32 {
    let number = descriptorNumber
    discard self
    return number
  }

  /// Another descriptor of the same open file.
  ///
  /// - Parameter lowest: what its number is at least.
  package borrowing func duplicate(lowest: Int32 = 0) throws(SystemError) -> FileDescriptor {
    FileDescriptor(owning: try call("duplicate descriptor") { rnnd_duplicate(descriptorNumber, lowest) })
  }

  /// Whether reading and writing answer `.wouldBlock` instead of waiting.
  package borrowing func setNonBlocking(_ on: Bool) throws(SystemError) {
    try call("set mode of descriptor") { rnnd_set_non_blocking(descriptorNumber, on ? 1 : 0) }
  }

  /// Reads once, up to `count` bytes, onto the end of `bytes`.
  package borrowing func read(
    atMost count: Int, appendingTo bytes: inout [UInt8]
  ) throws(SystemError) -> ReadOutcome {
    var outcome: Int? = 0
    try bytes.append(addingCapacity: count) { (output: inout OutputSpan<UInt8>) throws(SystemError) in
      outcome = try unsafe output.withUnsafeMutableBufferPointer { (buffer, used) throws(SystemError) -> Int? in
        guard let free = unsafe buffer.baseAddress?.advanced(by: used) else { return 0 }
        let found = try callUnlessBlocking("read") { unsafe rnnd_read(descriptorNumber, free, count) }
        used += found ?? 0
        return found
      }
    }
    guard let outcome else { return .wouldBlock }
    return outcome == 0 && count > 0 ? .endOfFile : .bytes(outcome)
  }

  /// Writes once, as much as there is room for.
  package borrowing func write(_ bytes: Span<UInt8>) throws(SystemError) -> WriteOutcome {
    let written = try unsafe bytes.withUnsafeBufferPointer { (buffer) throws(SystemError) -> Int? in
      guard let base = buffer.baseAddress else { return 0 }
      return try callUnlessBlocking("write") { unsafe rnnd_write(descriptorNumber, base, buffer.count) }
    }
    return written.map(WriteOutcome.bytes) ?? .wouldBlock
  }
}

extension FileDescriptor {
  /// Waits until there is something to read (or the other end has hung up).
  ///
  /// - Parameter timeoutMilliseconds: how long to wait at most; nil for ever.
  /// - Returns: false when the time was over first.
  package borrowing func waitUntilReadable(timeoutMilliseconds: Int? = nil) throws(SystemError) -> Bool {
    try wait(for: Int16(POLLIN), timeoutMilliseconds: timeoutMilliseconds)
  }

  /// Waits until there is room to write (or the other end has hung up); false when the time was over first.
  package borrowing func waitUntilWritable(timeoutMilliseconds: Int? = nil) throws(SystemError) -> Bool {
    try wait(for: Int16(POLLOUT), timeoutMilliseconds: timeoutMilliseconds)
  }

  private borrowing func wait(for events: Int16, timeoutMilliseconds: Int?) throws(SystemError) -> Bool {
    let deadline = timeoutMilliseconds.map { Deadline(afterMilliseconds: $0) }
    return try call("wait") {
      rnnd_poll_one(descriptorNumber, events, deadline?.remainingMilliseconds ?? -1)
    } != 0
  }

  /// Reads until the end, waiting as often as it takes.
  ///
  /// - Returns: all bytes, or nil when there are more than `byteLimit`.
  package borrowing func readToEnd(byteLimit: Int) throws(SystemError) -> [UInt8]? {
    var bytes: [UInt8] = []
    while bytes.count <= byteLimit {
      let room = byteLimit - bytes.count
      // One more than the limit, so that a stream of just that size is told from a longer one.
      let wanted = room < FileDescriptor.chunkByteCount ? room + 1 : FileDescriptor.chunkByteCount
      switch try read(atMost: wanted, appendingTo: &bytes) {
      case .bytes: continue
      case .endOfFile: return bytes
      case .wouldBlock: _ = try waitUntilReadable()
      }
    }
    return nil
  }

  /// How much is read at once where nothing else is known.
  package static var chunkByteCount: Int { 1 << 16 }
}
