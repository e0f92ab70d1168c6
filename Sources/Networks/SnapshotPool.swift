import Kernels

/// Snapshots' memory, used again once nobody reads it.
struct SnapshotPool {
  private var kept: [SnapshotStorage] = []

  /// How many are kept: one being read, one to write the next into.
  private static let limit = 2

  /// Copies weights into a new snapshot.
  mutating func publish(_ weights: Parameters) -> WeightsSnapshot {
    let storage = SnapshotStorage(
      Parameters(layout: weights.layout, buffer: takeFreeBuffer(count: weights.layout.count)))
    storage.parameters.copy(from: weights)
    kept.append(storage)
    if kept.count > Self.limit { kept.removeFirst() }
    return WeightsSnapshot(storage: storage)
  }

  mutating func removeAll() { kept.removeAll() }

  /// The buffer of a snapshot that only the pool still holds; nil if there is none of that size.
  private mutating func takeFreeBuffer(count: Int) -> FloatBuffer? {
    for index in kept.indices where isKnownUniquelyReferenced(&kept[index]) {
      let storage = kept.remove(at: index)
      return storage.parameters.buffer.count == count ? storage.parameters.buffer : nil
    }
    return nil
  }
}
