/// The checksums of a file's blocks, gathered while its bytes go by: they tell where a damaged file is damaged.
struct BlockChecksums {
  /// All blocks have this many bytes but the last, which may have fewer.
  static let blockByteCount = 1 << 16

  private var whole: [UInt32] = []
  private var current = CRC32C()
  private(set) var byteCount = 0

  /// Of each block so far; none of an empty file.
  var values: [UInt32] { byteCount % Self.blockByteCount == 0 ? whole : whole + [current.value] }

  /// Adds bytes at the end.
  mutating func update(_ bytes: Span<UInt8>) {
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + Self.blockByteCount - byteCount % Self.blockByteCount)
      current.update(bytes.extracting(start..<end))
      byteCount += end - start
      start = end
      guard byteCount % Self.blockByteCount == 0 else { continue }
      whole.append(current.value)
      current = CRC32C()
    }
  }

  /// How many blocks a file of that size has.
  static func count(byteCount: Int) -> Int {
    byteCount / blockByteCount + (byteCount % blockByteCount == 0 ? 0 : 1)
  }
}
