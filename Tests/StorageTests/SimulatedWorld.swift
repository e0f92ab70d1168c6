import Foundation
import Storage
import System
import TestSupport

/// What a simulated disk holds: what readers see, what would survive a crash, and what is between the two.
struct World {
  /// A file's content.
  struct File {
    enum Change {
      case write([UInt8], at: Int)
      case truncate(Int)
    }

    /// What readers see.
    var cached: [UInt8] = []
    /// What is on the disk itself.
    var durable: [UInt8] = []
    /// What the next sync would bring there.
    var pending: [Change] = []

    mutating func apply(_ change: Change) {
      Self.apply(change, to: &cached)
      pending.append(change)
    }

    mutating func synchronize() {
      for change in pending { Self.apply(change, to: &durable) }
      pending = []
    }

    static func apply(_ change: Change, to bytes: inout [UInt8]) {
      switch change {
      case .truncate(let count): bytes.removeLast(max(0, bytes.count - count))
      case .write(let new, let offset):
        if new.isEmpty { return }
        if bytes.count < offset + new.count {
          bytes += [UInt8](repeating: 0, count: offset + new.count - bytes.count)
        }
        bytes.replaceSubrange(offset..<(offset + new.count), with: new)
      }
    }
  }

  enum Entry: Equatable {
    case file(Int)
    case directory(Int)

    var isDirectory: Bool { if case .directory = self { true } else { false } }
  }

  /// A directory's names, likewise.
  struct Directory {
    var entries: [String: Entry] = [:]
    var durable: [String: Entry] = [:]
    /// Each of them takes effect whole or not at all.
    var pending: [[String: Entry?]] = []

    mutating func apply(_ change: [String: Entry?]) {
      for (name, entry) in change { entries[name] = entry }
      pending.append(change)
    }

    mutating func synchronize() {
      for change in pending { for (name, entry) in change { durable[name] = entry } }
      pending = []
    }
  }

  var files: [Int: File] = [:]
  var directories: [Int: Directory] = [0: Directory()]
  var generator: SeededGenerator
  var operationCount = 0
  var fault: SimulatedDisk.Fault?
  var isDead = false
  var hasFailed = false
  var freeByteCount = 1 << 40
  var afterNextSync: (@Sendable () -> Void)?
  var lastNumber = 0

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  static func error(_ operation: String, _ path: String, _ errno: Int32) -> StorageError {
    .system(.call(operation: operation, errno: errno, path: path))
  }

  mutating func nextNumber() -> Int {
    lastNumber += 1
    return lastNumber
  }

  /// Counts an operation, and says with which error it fails.
  mutating func countOperation() -> Int32? {
    operationCount += 1
    let errno: Int32? =
      switch fault {
      case _ where isDead: EIO
      case .fail(let range, let errno): range.contains(operationCount) ? errno : nil
      case .die(let number): operationCount >= number ? EIO : nil
      case nil: nil
      }
    if case .die = fault { isDead = isDead || errno != nil }
    hasFailed = hasFailed || errno != nil
    return errno
  }
}

// MARK: - Paths

extension World {
  /// The directory that holds a path's last name, and that name.
  func place(_ path: String) throws(StorageError) -> (directory: Int, name: String) {
    var names = path.split(separator: "/").map(String.init)
    let name = names.popLast() ?? ""
    guard let directory = directoryNumber(names) else { throw Self.error("find", path, ENOENT) }
    return (directory, name)
  }

  func directoryNumber(at path: String) -> Int? { directoryNumber(path.split(separator: "/").map(String.init)) }

  func fileNumber(at path: String) -> Int? {
    guard let (directory, name) = try? place(path), case .file(let number)? = directories[directory]?.entries[name]
    else { return nil }
    return number
  }

  private func directoryNumber(_ names: [String]) -> Int? {
    var number = 0
    for name in names {
      guard case .directory(let next)? = directories[number]?.entries[name] else { return nil }
      number = next
    }
    return number
  }

  func contents() -> [String: [UInt8]] {
    var found: [String: [UInt8]] = [:]
    func visit(_ number: Int, _ path: String) {
      for (name, entry) in directories[number]?.entries ?? [:] {
        switch entry {
        case .file(let file): found["\(path)/\(name)"] = files[file]?.cached
        case .directory(let directory): visit(directory, "\(path)/\(name)")
        }
      }
    }
    visit(0, "")
    return found
  }
}

// MARK: - Losing

extension World {
  /// What is not durable is lost, in part or not at all, as chance has it; then the disk is what it was before.
  mutating func losePower() {
    for number in directories.keys.sorted() {
      settle(directory: number)
      let durable = directories[number]?.durable ?? [:]
      directories[number]?.entries = durable
    }
    for number in files.keys.sorted() {
      settle(file: number)
      let durable = files[number]?.durable ?? []
      files[number]?.cached = durable
    }
  }

  /// Some of a directory's changes become durable, the others never will; readers see them still.
  ///
  /// - Parameter keepingDirectories: whether directories that were made stay for the next sync, as after one that
  ///   failed: a file system that cannot write those ends altogether.
  mutating func settle(directory number: Int, keepingDirectories: Bool = false) {
    guard var directory = directories[number] else { return }
    let isAllOrNothing = Bool.random(using: &generator)
    let all = Bool.random(using: &generator)
    var left: [[String: Entry?]] = []
    for change in directory.pending {
      if isAllOrNothing ? all : Bool.random(using: &generator) {
        for (name, entry) in change { directory.durable[name] = entry }
      } else if keepingDirectories, change.values.contains(where: { $0?.isDirectory == true }) {
        left.append(change)
      }
    }
    directory.pending = left
    directories[number] = directory
  }

  /// Some of a file's changes become durable, torn perhaps, the others never will; readers see them still.
  mutating func settle(file number: Int) {
    guard var file = files[number], !file.pending.isEmpty else { return }
    for change in file.pending {
      switch change {
      case .truncate: if Bool.random(using: &generator) { File.apply(change, to: &file.durable) }
      case .write(let bytes, let offset): tear(bytes, at: offset, into: &file.durable)
      }
    }
    // The size may have become durable without the bytes.
    if file.durable.count < file.cached.count, Int.random(in: 0..<4, using: &generator) == 0 {
      let isGarbage = Bool.random(using: &generator)
      let missing = file.cached.count - file.durable.count
      file.durable += (0..<missing).map { _ in isGarbage ? UInt8.random(in: 0...255, using: &generator) : 0 }
    }
    file.pending = []
    files[number] = file
  }

  private mutating func tear(_ bytes: [UInt8], at offset: Int, into durable: inout [UInt8]) {
    guard !bytes.isEmpty else { return }
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: return
    case 1, 2: File.apply(.write(bytes, at: offset), to: &durable)
    case 3:
      let kept = Int.random(in: 0...bytes.count, using: &generator)
      File.apply(.write(Array(bytes[..<kept]), at: offset), to: &durable)
    case 4:
      let lost = Int.random(in: 0...bytes.count, using: &generator)
      File.apply(.write(Array(bytes[lost...]), at: offset + lost), to: &durable)
    default:
      // Whole sectors of 512 bytes arrive or do not.
      var start = 0
      while start < bytes.count {
        let end = min(bytes.count, start + 512 - (offset + start) % 512)
        if Bool.random(using: &generator) {
          File.apply(.write(Array(bytes[start..<end]), at: offset + start), to: &durable)
        }
        start = end
      }
    }
  }
}
