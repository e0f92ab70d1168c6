/// What a look at every checksum of a store found.
package struct StoreReport: Equatable, Sendable {
  /// One thing that is not as it was written, or worth knowing.
  package struct Finding: Equatable, Sendable {
    package enum Kind: String, Sendable {
      /// Something that was acknowledged is not whole: the store is not opened, or would not be if the newest
      /// checkpoint were lost too.
      case damage
      /// The journal ends in a record that never was acknowledged; it is cut at the next start.
      case tornEnd = "torn end"
      /// A part that nothing depends on is not whole.
      case harmless
    }

    package let kind: Kind
    /// Below the store's directory.
    package let file: String
    package let offset: Int
    package let what: String
  }

  /// The numbers of the checkpoints that count, the newest first.
  package internal(set) var checkpoints: [Int] = []
  /// The records that follow the newest checkpoint.
  package internal(set) var recordCount = 0
  package internal(set) var findings: [Finding] = []

  package var isDamaged: Bool { findings.contains { $0.kind == .damage } }

  mutating func add(_ error: StorageError) throws(StorageError) {
    guard case .corrupt(let file, let offset, let what) = error else { throw error }
    let finding = Finding(kind: .damage, file: file, offset: offset, what: what)
    if !findings.contains(finding) { findings.append(finding) }
  }
}

extension Store {
  /// Looks at every checksum of a store that nobody writes meanwhile, and changes nothing.
  ///
  /// - Returns: nil when the directory holds no store.
  /// - Throws: `system`, when something cannot be read.
  package static func verify(_ directory: String, on disk: any Disk) throws(StorageError) -> StoreReport? {
    var report = StoreReport()
    let manifest: Manifest
    do {
      guard let found = try StoreContents.readManifest(directory, on: disk) else {
        return try StoreContents.isEmpty(directory, on: disk) ? nil : report.adding(StoreContents.missingManifest)
      }
      manifest = found
    } catch { return try report.adding(error) }
    report.checkpoints = manifest.checkpoints.map(\.number)
    for checkpoint in manifest.checkpoints {
      do { try checkpoint.verifyDescription(identity: manifest.identity, in: directory, on: disk) } catch {
        try report.add(error)
      }
      for file in checkpoint.files {
        do { try checkpoint.verify(file, in: directory, on: disk) } catch { try report.add(error) }
      }
    }
    // From the oldest checkpoint on, then from the newer ones: damage before one would hide what is behind.
    for position in Set(manifest.checkpoints.map(\.position) + [manifest.position]).sorted() {
      let journal = try JournalContents.read(directory, on: disk, manifest: manifest, from: position)
      if let damage = journal.damage { try report.add(damage) }
      guard position == manifest.position else { continue }
      report.recordCount = journal.records.count
      report.addHarmless(journal)
    }
    return report
  }
}

extension StoreReport {
  fileprivate func adding(_ error: StorageError) throws(StorageError) -> StoreReport {
    var report = self
    try report.add(error)
    return report
  }

  fileprivate mutating func addHarmless(_ journal: JournalContents) {
    if let cut = journal.cut {
      findings.append(
        Finding(
          kind: .tornEnd, file: cut.file, offset: cut.offset,
          what: "\(cut.byteCount) bytes behind the last whole record were never acknowledged"))
    }
    for slot in journal.mark.damagedSlots {
      findings.append(
        Finding(
          kind: .harmless, file: "journal/\(DurableMark.name)", offset: DurableMark.offset(ofSlot: slot),
          what: "a note of how far the journal was synced is not whole"))
    }
  }
}
