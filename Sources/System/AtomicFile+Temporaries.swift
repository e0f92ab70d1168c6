// The names of temporaries, TARGET.PROCESS-RANDOM.tmp, tell whose they are.

extension AtomicFile {
  /// A name beside the target that nobody has used.
  static func temporaryPath(for path: String) -> String {
    "\(path).\(ProcessControl.processID)-\(String(UInt64.random(in: 0 ... .max), radix: 36)).tmp"
  }

  /// The process that made a temporary; nil when the name is not that of one for `target`.
  static func owner(ofTemporary name: String, for target: String) -> Int32? {
    guard name.hasPrefix(target + "."), name.hasSuffix(".tmp") else { return nil }
    let middle = name.utf8.dropFirst(target.utf8.count + 1).dropLast(4)
    guard let dash = middle.firstIndex(of: UInt8(ascii: "-")), let owner = Int32(String(middle[..<dash]) ?? "") else {
      return nil
    }
    return owner > 0 ? owner : nil
  }

  /// Removes the target's temporaries that nobody will finish: their process is dead and they are a minute old (where
  /// processes have numbers of their own, as in containers, a live one may look dead). That one cannot be removed is no
  /// reason not to write the next.
  static func removeAbandoned(beside path: String, in directory: String) {
    let target = FileSystem.lastName(of: path)
    let newest = WallClock.seconds - 60
    for name in (try? FileSystem.list(directory)) ?? [] {
      guard let owner = owner(ofTemporary: name, for: target), !ProcessControl.isAlive(owner) else { continue }
      let temporary = FileSystem.join(directory, name)
      guard let found = try? FileSystem.status(of: temporary, followingLinks: false), found.kind == .regular,
        Double(found.modifiedNanoseconds) / 1e9 < newest
      else { continue }
      try? FileSystem.removeFile(temporary)
    }
  }
}
