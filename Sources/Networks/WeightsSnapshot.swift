import Kernels

/// A network's weights at one moment: immutable, so any number of threads may read them while training goes on.
package struct WeightsSnapshot: Sendable {
  let storage: SnapshotStorage

  /// The network's sizes at that moment.
  package var shape: NetworkShape { storage.parameters.layout.shape }

  /// Every weight under PyTorch's name. The values are only to be read, while the snapshot is held.
  package var tensors: [NamedTensor] { storage.parameters.tensors() }

  var parameters: Parameters { storage.parameters }

  init(storage: SnapshotStorage) {
    self.storage = storage
  }
}

/// The memory of weights that readers and a trainer may share.
///
/// `Sendable` holds although the compiler cannot see it: the parameters are written only by whoever holds this object
/// alone, before it is shared or after everybody else has let go of it (`SharedWeights.makeWritable`).
final class SnapshotStorage: @unchecked Sendable {
  let parameters: Parameters

  init(_ parameters: Parameters) {
    self.parameters = parameters
  }
}
