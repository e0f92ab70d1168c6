/// Where bytes come from, one after the other: up to so many of them, none at the end and only there.
package typealias ByteSource = (_ count: Int) throws(SystemError) -> [UInt8]

/// A regular file that is read from its beginning to its end; its owners' end closes it.
package final class FileReader {
  private let descriptor: FileDescriptor

  /// - Throws: as `FileSystem.openForReading`.
  package init(opening path: String) throws(SystemError) { descriptor = try FileSystem.openForReading(path) }

  /// The next bytes, up to `count` of them; none at the end, and only there.
  package func read(atMost count: Int) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    while try descriptor.read(atMost: count, appendingTo: &bytes) == .wouldBlock {
      _ = try descriptor.waitUntilReadable()
    }
    return bytes
  }
}
