import Foundation
import Storage
import Synchronization
import System

/// A disk in memory that behaves as badly as disks may, always in the same way for the same seed.
///
/// Whatever was not synced may be lost in a crash, whole or in part, in any order; a failed sync may lose it though
/// later syncs succeed, and reading still shows it until the crash. Any operation can be made to fail, or to be the last
/// one of the process.
final class SimulatedDisk: Disk {
  /// What goes wrong, counted in operations that change or sync something.
  enum Fault {
    /// These operations fail.
    case fail(ClosedRange<Int>, errno: Int32)
    /// This operation is begun and not ended; no other follows.
    case die(at: Int)
  }

  fileprivate let world: Mutex<World>

  init(seed: UInt64) { world = Mutex(World(seed: seed)) }

  /// How many operations there were.
  var operationCount: Int { world.withLock { $0.operationCount } }

  /// Whether an operation has failed since the last crash.
  var hasFailed: Bool { world.withLock { $0.hasFailed } }

  /// Whether a fault has ended the process.
  var isDead: Bool { world.withLock { $0.isDead } }

  /// What goes wrong until it is set to nil.
  var fault: Fault? {
    get { world.withLock { $0.fault } }
    set { world.withLock { $0.fault = newValue } }
  }

  /// Done once, when a file was synced but before anybody knows.
  var afterNextSync: (@Sendable () -> Void)? {
    get { world.withLock { $0.afterNextSync } }
    set { world.withLock { $0.afterNextSync = newValue } }
  }

  var freeByteCount: Int {
    get { world.withLock { $0.freeByteCount } }
    set { world.withLock { $0.freeByteCount = newValue } }
  }

  /// The process ends, or the whole machine: then much that was not synced is lost.
  func crash(ofMachine: Bool) {
    world.withLock { world in
      if ofMachine { world.losePower() }
      world.isDead = false
      world.hasFailed = false
      world.fault = nil
    }
  }

  /// Every file's content by its path, as a reader sees it.
  func contents() -> [String: [UInt8]] { world.withLock { $0.contents() } }

  /// Changes a file behind everybody's back.
  func overwrite(_ path: String, with bytes: [UInt8]) {
    world.withLock { world in
      guard let number = world.fileNumber(at: path) else { return }
      world.files[number] = World.File(cached: bytes, durable: bytes)
    }
  }

  /// Another disk with the same durable content.
  func copy(seed: UInt64) -> SimulatedDisk {
    let copy = SimulatedDisk(seed: seed)
    let (files, directories, lastNumber) = world.withLock { ($0.files, $0.directories, $0.lastNumber) }
    copy.world.withLock { world in
      world.files = files
      world.directories = directories
      world.lastNumber = lastNumber
    }
    return copy
  }
}

// MARK: - The disk's face

extension SimulatedDisk {
  func createDirectory(_ path: String) throws(StorageError) {
    try change("create directory", path) { (world) throws(StorageError) in
      let (directory, name) = try world.place(path)
      if world.directories[directory]?.entries[name] != nil { return }
      let number = world.nextNumber()
      world.directories[number] = World.Directory()
      world.directories[directory]?.apply([name: .directory(number)])
    }
  }

  func list(_ path: String) throws(StorageError) -> [String]? {
    try look { world in
      world.directoryNumber(at: path).flatMap { world.directories[$0] }.map { $0.entries.keys.sorted() }
    }
  }

  func read(_ path: String, byteLimit: Int) throws(StorageError) -> [UInt8]? {
    let bytes = try look { world in world.fileNumber(at: path).flatMap { world.files[$0]?.cached } }
    guard let bytes else { return nil }
    guard bytes.count <= byteLimit else { throw .system(.tooLarge(path: path, byteLimit: byteLimit)) }
    return bytes
  }

  func reader(of path: String) throws(StorageError) -> (any DiskReader)? {
    try read(path, byteLimit: .max).map(Reader.init)
  }

  /// Hands a file out in pieces, as files may come.
  private final class Reader: DiskReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func read(atMost count: Int) -> [UInt8] {
      let end = min(bytes.count, position + max(1, min(count, bytes.count / 3)))
      defer { position = end }
      return Array(bytes[position..<end])
    }
  }

  func create(_ path: String) throws(StorageError) -> any DiskFile {
    var made = 0
    try change("create", path) { (world) throws(StorageError) in
      let (directory, name) = try world.place(path)
      guard world.directories[directory]?.entries[name] == nil else { throw World.error("create", path, EEXIST) }
      made = world.nextNumber()
      world.files[made] = World.File()
      world.directories[directory]?.apply([name: .file(made)])
    }
    return SimulatedFile(number: made, path: path, disk: self)
  }

  func open(_ path: String) throws(StorageError) -> any DiskFile {
    guard let number = try look({ $0.fileNumber(at: path) }) else { throw World.error("open", path, ENOENT) }
    return SimulatedFile(number: number, path: path, disk: self)
  }

  func rename(_ path: String, to target: String) throws(StorageError) {
    try change("rename", path) { (world) throws(StorageError) in
      let (directory, name) = try world.place(path)
      let (targetDirectory, targetName) = try world.place(target)
      precondition(directory == targetDirectory, "simulated renames stay within a directory")
      guard let entry = world.directories[directory]?.entries[name] else { throw World.error("rename", path, ENOENT) }
      // Two names of one file stay, as the standard wants it.
      if entry == world.directories[directory]?.entries[targetName] { return }
      world.directories[directory]?.apply([name: nil, targetName: entry])
    }
  }

  func link(_ path: String, to target: String) throws(StorageError) {
    try change("link", target) { (world) throws(StorageError) in
      let (directory, name) = try world.place(target)
      guard world.directories[directory]?.entries[name] == nil else { throw World.error("link", target, EEXIST) }
      guard let number = world.fileNumber(at: path) else { throw World.error("link", path, ENOENT) }
      world.directories[directory]?.apply([name: .file(number)])
    }
  }

  func remove(_ path: String) throws(StorageError) {
    try change("remove", path) { (world) throws(StorageError) in
      let (directory, name) = try world.place(path)
      if case .file = world.directories[directory]?.entries[name] {
        world.directories[directory]?.apply([name: nil])
      }
    }
  }

  func removeTree(_ path: String) throws(StorageError) {
    // Every removal within is an operation, so that a crash can come in between.
    for name in try list(path) ?? [] { try removeTree("\(path)/\(name)") }
    try change("remove", path) { (world) throws(StorageError) in
      let (directory, name) = try world.place(path)
      if world.directories[directory]?.entries[name] != nil { world.directories[directory]?.apply([name: nil]) }
    }
  }

  func synchronizeDirectory(_ path: String) throws(StorageError) {
    try change(
      "sync directory", path,
      onFailure: { world in
        guard let number = world.directoryNumber(at: path) else { return }
        world.settle(directory: number, keepingDirectories: true)
      },
      { (world) throws(StorageError) in
        guard let number = world.directoryNumber(at: path) else { throw World.error("sync", path, ENOENT) }
        world.directories[number]?.synchronize()
      })
  }

  func freeByteCount(at path: String) throws(StorageError) -> Int { try look { $0.freeByteCount } }

  /// An operation that only looks; it fails only when the process is dead.
  private func look<Result: Sendable>(_ body: (World) -> Result) throws(StorageError) -> Result {
    try world.withLock { (world) throws(StorageError) in
      if world.isDead { throw World.error("look", "", EIO) }
      return body(world)
    }
  }

  /// An operation that counts. When it fails, `onFailure` may still leave something of it.
  fileprivate func change(
    _ operation: String, _ path: String, onFailure: (inout World) -> Void = { _ in },
    _ body: (inout World) throws(StorageError) -> Void
  ) throws(StorageError) {
    try world.withLock { (world) throws(StorageError) in
      if let errno = world.countOperation() {
        onFailure(&world)
        throw World.error(operation, path, errno)
      }
      try body(&world)
    }
  }
}

/// An open file of a simulated disk: also without a name it stays itself.
private final class SimulatedFile: DiskFile {
  private let number: Int
  private let path: String
  private let disk: SimulatedDisk

  init(number: Int, path: String, disk: SimulatedDisk) {
    self.number = number
    self.path = path
    self.disk = disk
  }

  func write(_ bytes: Span<UInt8>, at offset: Int) throws(StorageError) {
    var copy: [UInt8] = []
    bytes.withUnsafeBufferPointer { copy.append(contentsOf: $0) }
    try disk.change(
      "write", path,
      onFailure: { world in
        // A short write.
        let kept = copy.isEmpty ? 0 : Int.random(in: 0..<copy.count, using: &world.generator)
        world.files[number]?.apply(.write(Array(copy[..<kept]), at: offset))
      },
      { world in world.files[number]?.apply(.write(copy, at: offset)) })
  }

  func synchronize() throws(StorageError) {
    try disk.change(
      "sync", path, onFailure: { $0.settle(file: number) }, { $0.files[number]?.synchronize() })
    let action = disk.afterNextSync
    disk.afterNextSync = nil
    action?()
  }

  func truncate(to byteCount: Int) throws(StorageError) {
    try disk.change("truncate", path) { world in
      world.files[number]?.apply(.truncate(byteCount))
    }
  }
}
