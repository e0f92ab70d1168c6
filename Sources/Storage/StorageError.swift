package import System

/// Why a store cannot be read or written.
package enum StorageError: Error, Equatable, Sendable {
  /// The operating system refused or failed; `SystemError.errno` says how.
  case system(SystemError)
  /// A file does not hold what was written to it. `file` is its path below the store's directory, `offset` where the
  /// damaged part (a record, a header, a block of a checkpoint's file, or the whole file) begins.
  case corrupt(file: String, offset: Int, what: String)
  /// A record's payload is longer than a journal takes.
  case recordTooLarge(byteCount: Int, byteLimit: Int)
  /// The disk has too little room for a checkpoint.
  case noSpace(neededByteCount: Int, freeByteCount: Int)
  /// A directory to salvage into exists already.
  case exists(path: String)
  /// There is nothing from which a store could be salvaged.
  case nothingWhole(path: String)
}

extension StorageError {
  /// The system's number of the failure, where a failure of the system is what it is.
  package var errno: Int32? {
    switch self {
    case .system(let error): error.errno
    case .noSpace: SystemError.noSpaceNumber
    case .corrupt, .recordTooLarge, .exists, .nothingWhole: nil
    }
  }

  /// What to do about it, where that can be said.
  package var hint: String? {
    switch self {
    case .system(let error): error.hint
    case .noSpace: "free some disk space"
    case .corrupt: "rnnd doctor explains, and repairs into a copy"
    case .recordTooLarge: "teach it in smaller pieces"
    case .exists: "name a directory that does not exist yet"
    case .nothingWhole: nil
    }
  }
}

extension StorageError: CustomStringConvertible {
  /// One sentence without capital and full stop.
  package var description: String {
    switch self {
    case .system(let error): error.description
    case .corrupt(let file, let offset, let what): "\(file) is damaged at byte \(offset): \(what)"
    case .recordTooLarge(let count, let limit):
      "a record of \(count) bytes does not fit the journal, which takes at most \(limit)"
    case .noSpace(let needed, let free): "a checkpoint needs \(needed) bytes, but the disk has \(free) free"
    case .exists(let path): "\(path) exists already"
    case .nothingWhole(let path): "no checkpoint in \(path) is whole"
    }
  }
}
