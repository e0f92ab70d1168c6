import CSystem

/// Cores on which threads may run, where the system lets a program choose them (Linux).
package struct CoreSet: Equatable, Sendable {
  /// A bit for each core.
  private var mask: [UInt64]

  private static let wordCount = 16

  /// The cores on which the calling thread may run.
  ///
  /// - Throws: where the system doesn't tell.
  package static func ofThisThread() throws(SystemError) -> CoreSet {
    var mask = [UInt64](repeating: 0, count: wordCount)
    try call("look for the cores of a thread") {
      unsafe mask.withUnsafeMutableBufferPointer { unsafe rnnd_thread_get_cores(0, $0.baseAddress, Int32(wordCount)) }
    }
    return CoreSet(mask: mask)
  }

  package var count: Int { mask.reduce(0) { $0 + $1.nonzeroBitCount } }

  /// The set of one of these cores, by its place among them; nil when there are fewer.
  package func only(_ index: Int) -> CoreSet? {
    let cores = (0..<mask.count * 64).lazy.filter { mask[$0 / 64] >> UInt64($0 % 64) & 1 == 1 }
    guard let core = cores.dropFirst(index).first else { return nil }
    var single = [UInt64](repeating: 0, count: mask.count)
    single[core / 64] = 1 << UInt64(core % 64)
    return CoreSet(mask: single)
  }

  /// Keeps the calling thread on these cores.
  package func holdThisThread() throws(SystemError) { try hold(thread: 0) }

  /// Keeps a process on these cores: all threads that it has now, and those that they start.
  package func hold(process: Int32) throws(SystemError) {
    for thread in try FileSystem.list("/proc/\(process)/task").compactMap(Int32.init) {
      do throws(SystemError) {
        try hold(thread: thread)
      } catch {
        // One may have ended meanwhile.
        guard error.errno == ESRCH else { throw error }
      }
    }
  }

  private func hold(thread: Int32) throws(SystemError) {
    try call("choose the cores of a thread") {
      unsafe mask.withUnsafeBufferPointer { unsafe rnnd_thread_set_cores(thread, $0.baseAddress, Int32($0.count)) }
    }
  }
}
