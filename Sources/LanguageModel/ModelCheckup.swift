import Kernels
package import Storage

/// What a look at a model's directory found. No daemon may have the model open meanwhile.
package struct ModelCheckup: Sendable {
  /// Every checksum; nil of a directory without a journal, as PyTorch and earlier versions wrote them.
  package let report: StoreReport?
  /// The count of updates of the model as it would be opened; nil when that was not tried or failed.
  package private(set) var step: Int?
  /// Why it would not be opened.
  package private(set) var problem: LanguageModelError?

  /// Looks at every checksum, and changes nothing.
  ///
  /// - Parameter isThorough: whether the model is made of its files as well, its lessons taught again.
  /// - Throws: `storage`, when something can't be read.
  package init(
    of directory: ModelDirectory, on disk: any Disk, isThorough: Bool
  ) throws(LanguageModelError) {
    report = try storing { () throws(StorageError) in try Store.verify(directory.path, on: disk) }
    guard isThorough || report == nil else { return }
    do {
      step = try ModelKeeper.read(directory, on: disk, team: ThreadTeam()).step
    } catch {
      problem = error
    }
  }

  package var isWhole: Bool { report?.isDamaged != true && problem == nil }
}

extension ModelDirectory {
  /// Copies what is whole of a damaged model: its newest whole checkpoint and every lesson behind it, up to the first that
  /// is not whole. The directory itself is not touched.
  ///
  /// - Parameter copy: a directory that doesn't exist yet.
  /// - Returns: what was saved, and the count of updates of the model in the copy.
  /// - Throws: `storage`, and what keeps the copy from being a model.
  package func salvage(
    into copy: ModelDirectory, on disk: any Disk
  ) throws(LanguageModelError) -> (report: SalvageReport, step: Int) {
    let report = try storing { () throws(StorageError) in try Store.salvage(path, into: copy.path, on: disk) }
    return (report, try ModelKeeper.read(copy, on: disk, team: ThreadTeam()).step)
  }
}
