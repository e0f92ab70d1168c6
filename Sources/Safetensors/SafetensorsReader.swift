package import System

/// Reads a safetensors file from its beginning to its end, one tensor after the other.
///
/// Only a small buffer is held at a time, so reading a model needs no second copy of it.
package struct SafetensorsReader: ~Copyable {
  package let header: SafetensorsHeader
  private let fileByteCount: Int
  private let source: ByteSource
  private var nextEntry = 0
  /// What the last piece was widened to, kept to spare an allocation for each.
  private var piece: [Float] = []

  /// How many bytes are read at a time: they and what they are widened to stay in the caches.
  private static var pieceByteCount: Int { 1 << 18 }

  /// Opens a file and checks its header against its size. Nothing but a regular file is opened.
  package init(opening path: String) throws(SafetensorsError) {
    let file: FileReader
    let byteCount: Int
    do {
      file = try FileReader(opening: path)
      byteCount = try FileSystem.status(of: path)?.byteCount ?? 0
    } catch {
      throw .system(error)
    }
    try self.init(byteCount: byteCount, from: file.read)
  }

  /// Reads a file of so many bytes that somebody else has opened, and checks its header against its size.
  package init(byteCount: Int, from source: @escaping ByteSource) throws(SafetensorsError) {
    fileByteCount = byteCount
    self.source = source
    let start = try Self.read(min(SafetensorsHeader.lengthByteCount, byteCount), from: source, of: byteCount)
    let count = try SafetensorsHeader.jsonByteCount(start: start.span, fileByteCount: byteCount)
    let json = try Self.read(count, from: source, of: byteCount)
    header = try SafetensorsHeader(json: json.span, fileByteCount: byteCount)
  }

  /// The next tensor in the order of the data; nil after the last.
  package var upcoming: SafetensorsHeader.Entry? {
    nextEntry < header.entries.count ? header.entries[nextEntry] : nil
  }

  /// Reads the next tensor's values, as `Float`, in pieces.
  ///
  /// - Parameter body: called with each piece, and with how many values came before it.
  /// - Throws: `unsupportedElementType` where the values can't be widened without loss, `truncated` when the file has
  ///   become shorter since it was opened.
  /// - Precondition: one is `upcoming`.
  package mutating func readNext(_ body: (_ values: [Float], _ offset: Int) -> Void) throws(SafetensorsError) {
    guard let entry = upcoming else { preconditionFailure("readNext: no tensor is left") }
    guard entry.elementType.widensToFloat else {
      throw .unsupportedElementType(tensor: SafetensorsError.shown(entry.name), found: entry.elementType)
    }
    var offset = 0
    while offset < entry.count {
      let rest = (entry.count - offset) * entry.elementType.byteCount
      let bytes = try Self.read(min(rest, Self.pieceByteCount), from: source, of: fileByteCount)
      piece.removeAll(keepingCapacity: true)
      FloatWidening.append(unsafe bytes.span.bytes, as: entry.elementType, to: &piece)
      body(piece, offset)
      offset += piece.count
    }
    nextEntry += 1
  }

  /// The next tensor with its values as `Float`; nil after the last.
  ///
  /// - Throws: as `readNext`.
  package mutating func next() throws(SafetensorsError) -> (entry: SafetensorsHeader.Entry, values: [Float])? {
    guard let entry = upcoming else { return nil }
    var values: [Float] = []
    values.reserveCapacity(entry.count)
    try readNext { piece, _ in values += piece }
    return (entry, values)
  }

  /// Reads so many bytes.
  private static func read(
    _ count: Int, from source: ByteSource, of fileByteCount: Int
  ) throws(SafetensorsError) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let more: [UInt8]
      do { more = try source(count - bytes.count) } catch { throw .system(error) }
      guard !more.isEmpty else { throw .truncated(foundByteCount: bytes.count, expectedByteCount: fileByteCount) }
      if bytes.isEmpty { bytes = more } else { bytes += more }
    }
    return bytes
  }
}
