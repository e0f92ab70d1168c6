import System

/// The operating system's files.
package struct SystemDisk: Disk {
  package init() {}

  package func createDirectory(_ path: String) throws(StorageError) {
    do { try FileSystem.createDirectory(path) } catch { throw .system(error) }
  }

  package func list(_ path: String) throws(StorageError) -> [String]? {
    do { return try FileSystem.list(path) } catch { return try Self.nilIfMissing(error) }
  }

  package func read(_ path: String, byteLimit: Int) throws(StorageError) -> [UInt8]? {
    do { return try FileSystem.readFile(path, byteLimit: byteLimit) } catch { return try Self.nilIfMissing(error) }
  }

  package func reader(of path: String) throws(StorageError) -> (any DiskReader)? {
    do { return try FileReader(opening: path) } catch { return try Self.nilIfMissing(error) }
  }

  package func create(_ path: String) throws(StorageError) -> any DiskFile {
    do { return SystemFile(try DiskDescriptor(creating: path)) } catch { throw .system(error) }
  }

  package func open(_ path: String) throws(StorageError) -> any DiskFile {
    do { return SystemFile(try DiskDescriptor(opening: path)) } catch { throw .system(error) }
  }

  package func rename(_ path: String, to target: String) throws(StorageError) {
    do { try FileSystem.rename(path, to: target) } catch { throw .system(error) }
  }

  package func link(_ path: String, to target: String) throws(StorageError) {
    do { try FileSystem.link(path, to: target) } catch { throw .system(error) }
  }

  package func remove(_ path: String) throws(StorageError) {
    do { try FileSystem.removeFile(path) } catch { throw .system(error) }
  }

  package func removeTree(_ path: String) throws(StorageError) {
    do { try FileSystem.removeTree(path) } catch { throw .system(error) }
  }

  package func synchronizeDirectory(_ path: String) throws(StorageError) {
    do { try FileSystem.synchronizeDirectory(path) } catch { throw .system(error) }
  }

  package func freeByteCount(at path: String) throws(StorageError) -> Int {
    do { return try FileSystem.freeByteCount(at: path) } catch { throw .system(error) }
  }

  private static func nilIfMissing<Result>(_ error: SystemError) throws(StorageError) -> Result? {
    if error.isMissing { return nil }
    throw .system(error)
  }
}

extension FileReader: DiskReader {}

/// An open file of the system.
private final class SystemFile: DiskFile {
  private let descriptor: DiskDescriptor

  init(_ descriptor: consuming DiskDescriptor) { self.descriptor = descriptor }

  func write(_ bytes: Span<UInt8>, at offset: Int) throws(StorageError) {
    do { try descriptor.write(bytes, at: offset) } catch { throw .system(error) }
  }

  func synchronize() throws(StorageError) {
    do { try descriptor.synchronize() } catch { throw .system(error) }
  }

  func truncate(to byteCount: Int) throws(StorageError) {
    do { try descriptor.truncate(to: byteCount) } catch { throw .system(error) }
  }
}
