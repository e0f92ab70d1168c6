import CSystem

/// Writes a file so that its name always leads to a whole one: the earlier content until all of the new is on the
/// disk, then the new.
///
/// The new content goes to a temporary beside the target (0600, exclusively created, no link followed), is synced,
/// renamed over the target, and the directory is synced. Whatever fails, the temporary is removed, and before the
/// rename the target is as it was. What a process that was killed left is removed by the next replacement.
package enum AtomicFile {
  /// Replaces a file by what `write` sends to the sink, piece after piece.
  ///
  /// - Parameters:
  ///   - path: the target; its directory must exist.
  ///   - write: fills the sink; when it throws, nothing is replaced.
  /// - Throws: `Failure.writing` with the error of `write`, `Failure.system` for the rest.
  package static func replace<WriterError: Error>(
    _ path: String, _ write: (inout Sink) throws(WriterError) -> Void
  ) throws(Failure<WriterError>) {
    var sink: Sink
    do { sink = try Sink(beside: path) } catch { throw .system(error) }
    do { try write(&sink) } catch { throw .writing(error) }
    do { try sink.finish() } catch { throw .system(error) }
  }

  /// Replaces a file by some bytes.
  package static func replace(_ path: String, with bytes: [UInt8]) throws(SystemError) {
    var sink = try Sink(beside: path)
    try sink.write(bytes)
    try sink.finish()
  }

  /// Whether the writer or the system failed.
  package enum Failure<WriterError: Error>: Error {
    case writing(WriterError)
    case system(SystemError)
  }
}

extension AtomicFile {
  /// The new content while it is written; what ends without `finish` leaves no trace.
  package struct Sink: ~Copyable {
    private let descriptor: FileDescriptor
    private let path: String
    private let temporaryPath: String
    private let directory: String
    private var buffer: [UInt8] = []
    private var isFinished = false
    /// How many bytes came so far.
    package private(set) var byteCount = 0

    /// Small pieces are gathered up to this size.
    private static var bufferByteCount: Int { 1 << 16 }

    init(beside path: String) throws(SystemError) {
      try FileSystem.check(path)
      let directory = FileSystem.parent(of: path) ?? "/"
      AtomicFile.removeAbandoned(beside: path, in: directory)
      let temporaryPath = AtomicFile.temporaryPath(for: path)
      let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
      descriptor = FileDescriptor(
        owning: try call("create", path: temporaryPath) { unsafe rnnd_open(temporaryPath, flags, 0o600) })
      self.path = path
      self.temporaryPath = temporaryPath
      self.directory = directory
    }

    deinit {
      if !isFinished { _ = unsafe unlink(temporaryPath) }
    }

    /// Adds bytes at the end.
    package mutating func write(_ bytes: RawSpan) throws(SystemError) {
      byteCount += bytes.byteCount
      if buffer.count + bytes.byteCount > Self.bufferByteCount { try flush() }
      guard bytes.byteCount < Self.bufferByteCount else {
        return try writeThrough(Span(_bytes: bytes))
      }
      unsafe bytes.withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
    }

    /// Adds bytes at the end.
    package mutating func write(_ bytes: [UInt8]) throws(SystemError) { try unsafe write(bytes.span.bytes) }

    private func writeThrough(_ bytes: Span<UInt8>) throws(SystemError) {
      do { try descriptor.writeAll(bytes) } catch { throw error.naming(temporaryPath) }
    }

    private mutating func flush() throws(SystemError) {
      try writeThrough(buffer.span)
      buffer.removeAll(keepingCapacity: true)
    }

    /// Makes the new content durable and puts it in the target's place.
    mutating func finish() throws(SystemError) {
      try flush()
      let number = descriptor.descriptorNumber
      try call("sync", path: temporaryPath) { rnnd_synchronize(number) }
      try FileSystem.rename(temporaryPath, to: path)
      isFinished = true
      try FileSystem.synchronizeDirectory(directory)
    }
  }
}
