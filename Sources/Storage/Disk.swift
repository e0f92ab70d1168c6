package import System

/// Files and directories as a store needs them: the system's, or in tests a simulated disk's that fails and crashes.
///
/// What is written is durable only after the file's `synchronize`, and a name (made, changed or removed) only after
/// the `synchronizeDirectory` of the directory that holds it. A rename takes effect whole or not at all.
package protocol Disk: Sendable {
  /// Creates a directory that is its owner's alone, 0700. One that exists is left as it is.
  func createDirectory(_ path: String) throws(StorageError)

  /// The names in a directory, in the order of their bytes; nil when there is no such directory.
  func list(_ path: String) throws(StorageError) -> [String]?

  /// A file's whole content; nil when there is no such file.
  func read(_ path: String, byteLimit: Int) throws(StorageError) -> [UInt8]?

  /// Opens a file for reading from its beginning; nil when there is no such file.
  func reader(of path: String) throws(StorageError) -> (any DiskReader)?

  /// Creates a file for writing, 0600, where nothing has the name yet.
  func create(_ path: String) throws(StorageError) -> any DiskFile

  /// Opens a file that exists for writing.
  func open(_ path: String) throws(StorageError) -> any DiskFile

  /// Gives a file another name, replacing the file that has it.
  func rename(_ path: String, to target: String) throws(StorageError)

  /// Gives a file a second name. It may fail where the file system knows no links.
  func link(_ path: String, to target: String) throws(StorageError)

  /// Removes a file's name. That nothing has it is no error.
  func remove(_ path: String) throws(StorageError)

  /// Removes a directory and all below it. That nothing is there is no error.
  func removeTree(_ path: String) throws(StorageError)

  /// Makes the names in a directory durable.
  func synchronizeDirectory(_ path: String) throws(StorageError)

  /// How many bytes may still be written.
  func freeByteCount(at path: String) throws(StorageError) -> Int
}

/// A file that is read from its beginning to its end; its owner's end closes it.
package protocol DiskReader: AnyObject {
  /// The next bytes, up to `count` of them; none at the end, and only there.
  func read(atMost count: Int) throws(SystemError) -> [UInt8]
}

/// A file that is open for writing; its owner's end closes it.
package protocol DiskFile: AnyObject, Sendable {
  /// Writes all bytes from an offset on. When it throws, any part of them may have been written.
  func write(_ bytes: Span<UInt8>, at offset: Int) throws(StorageError)

  /// Makes what was written so far durable. After a failure nobody knows what of it is, whatever later calls say.
  func synchronize() throws(StorageError)

  /// Cuts the file.
  func truncate(to byteCount: Int) throws(StorageError)
}

extension Disk {
  /// Hands a file's content out in pieces, in order; false when there is no such file.
  func readPieces(of path: String, _ body: (Span<UInt8>) -> Void) throws(StorageError) -> Bool {
    guard let reader = try reader(of: path) else { return false }
    do {
      while true {
        let piece = try reader.read(atMost: 1 << 18)
        if piece.isEmpty { return true }
        body(piece.span)
      }
    } catch {
      throw .system(error)
    }
  }

  /// Creates a file with a content that is durable; its name is not yet.
  func create(_ path: String, holding bytes: [UInt8]) throws(StorageError) -> any DiskFile {
    let file = try create(path)
    try file.write(bytes.span, at: 0)
    try file.synchronize()
    return file
  }
}
