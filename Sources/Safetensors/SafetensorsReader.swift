import System

/// Reads a safetensors file from its beginning to its end, one tensor after the other.
///
/// Only one tensor's values and a small buffer are held at a time, so reading a model needs no second copy of it.
package struct SafetensorsReader: ~Copyable {
  package let header: SafetensorsHeader
  private var source: Source
  private let fileByteCount: Int
  private var nextEntry = 0

  private static var bufferByteCount: Int { 1 << 20 }

  /// Where the bytes come from, one after the other: a file, or memory.
  fileprivate struct Source: ~Copyable {
    let descriptor: FileDescriptor?
    var rest: ArraySlice<UInt8> = []
  }

  /// Opens a file and checks its header against its size. Nothing but a regular file is opened.
  package init(opening path: String) throws(SafetensorsError) {
    let descriptor = try Self.open(path)
    try self.init(Source(descriptor: descriptor), fileByteCount: try Self.byteCount(of: path))
  }

  /// Reads a file whose whole content is at hand.
  package init(_ bytes: [UInt8]) throws(SafetensorsError) {
    try self.init(Source(descriptor: nil, rest: bytes[...]), fileByteCount: bytes.count)
  }

  private init(_ source: consuming Source, fileByteCount: Int) throws(SafetensorsError) {
    var source = source
    let start = try source.read(
      min(SafetensorsHeader.lengthByteCount, fileByteCount), fileByteCount: fileByteCount)
    let count = try SafetensorsHeader.jsonByteCount(start: start.span, fileByteCount: fileByteCount)
    let json = try source.read(count, fileByteCount: fileByteCount)
    header = try SafetensorsHeader(json: json.span, fileByteCount: fileByteCount)
    self.fileByteCount = fileByteCount
    self.source = source
  }

  /// The next tensor in the order of the data, with its values as `Float`; nil after the last.
  ///
  /// - Throws: `unsupportedElementType` where the values can't be widened without loss, `truncated` when the file has
  ///   become shorter since it was opened.
  package mutating func next() throws(SafetensorsError) -> (entry: SafetensorsHeader.Entry, values: [Float])? {
    guard nextEntry < header.entries.count else { return nil }
    let entry = header.entries[nextEntry]
    guard entry.elementType.widensToFloat else {
      throw .unsupportedElementType(tensor: SafetensorsError.shown(entry.name), found: entry.elementType)
    }
    var values: [Float] = []
    values.reserveCapacity(entry.count)
    var remaining = entry.range.count
    while remaining > 0 {
      let bytes = try source.read(min(remaining, Self.bufferByteCount), fileByteCount: fileByteCount)
      FloatWidening.append(unsafe bytes.span.bytes, as: entry.elementType, to: &values)
      remaining -= bytes.count
    }
    nextEntry += 1
    return (entry, values)
  }

  private static func open(_ path: String) throws(SafetensorsError) -> FileDescriptor {
    do { return try FileSystem.openForReading(path) } catch { throw .system(error) }
  }

  private static func byteCount(of path: String) throws(SafetensorsError) -> Int {
    do { return try FileSystem.status(of: path)?.byteCount ?? 0 } catch { throw .system(error) }
  }
}

extension SafetensorsReader.Source {
  fileprivate mutating func read(_ count: Int, fileByteCount: Int) throws(SafetensorsError) -> [UInt8] {
    let bytes: [UInt8]
    switch descriptor {
    case .some(let descriptor):
      bytes = try Self.read(count, from: descriptor)
    case .none:
      bytes = Array(rest.prefix(count))
      rest = rest.dropFirst(count)
    }
    guard bytes.count == count else {
      throw .truncated(foundByteCount: bytes.count, expectedByteCount: fileByteCount)
    }
    return bytes
  }

  /// As many bytes as there are, up to `count`.
  private static func read(
    _ count: Int, from descriptor: borrowing FileDescriptor
  ) throws(SafetensorsError) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count {
      let outcome: ReadOutcome
      do { outcome = try descriptor.read(atMost: count - bytes.count, appendingTo: &bytes) } catch {
        throw .system(error)
      }
      if outcome == .bytes(0) || outcome == .endOfFile { break }
    }
    return bytes
  }
}
