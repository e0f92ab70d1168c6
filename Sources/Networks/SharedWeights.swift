import Kernels

/// A trainer's weights, shared with readers until they change.
///
/// A snapshot is the very memory that holds the weights, so publishing costs nothing. An update finds weights that a
/// snapshot still holds where they are, and writes what becomes of them to other memory: that of the snapshot before, if
/// its readers have let go of it. In a steady run two buffers take turns. The other one may be made equal beforehand,
/// while nobody waits: then it is near the processor when the update changes it in place. Of an encoder of which an
/// update changes but few rows, only those are brought up to date that have changed since.
struct SharedWeights {
  private var current: SnapshotStorage
  /// Memory of an earlier turn, to be written once no snapshot holds it.
  private var spare: SnapshotStorage?
  /// The encoder's rows in which `spare` may differ from `current`; everything else may anyway.
  private var changedRows = TouchedRows()
  /// Whether all of the encoder may differ.
  private var hasEncoderChanged = false
  /// Whether nothing at all differs.
  private var isSpareEqual = false

  init(_ parameters: Parameters) {
    current = SnapshotStorage(parameters)
  }

  /// The weights: to be changed only after `beginUpdate` or `makeWritable`, and every change to be noted.
  var parameters: Parameters { current.parameters }

  /// The weights as they are now.
  var snapshot: WeightsSnapshot { WeightsSnapshot(storage: current) }

  /// Lets an update begin, which writes all weights anew.
  ///
  /// - Parameter keepsEncoder: Whether the encoder is not written but for the rows that are then noted.
  /// - Returns: The weights before the update: those that it writes to, or, if a snapshot is held, those in its memory.
  mutating func beginUpdate(keepsEncoder: Bool) -> Parameters {
    guard !isKnownUniquelyReferenced(&current) else {
      isSpareEqual = false
      return parameters
    }
    if isSpareEqual, let next = spare {
      (current, spare) = (next, current)
      isSpareEqual = false
      return parameters
    }
    let before = parameters
    let next = nextStorage(keepsEncoder: keepsEncoder)
    spare = current
    current = next
    return before
  }

  /// Makes ready what the next update writes to, if a snapshot is held.
  mutating func prepare() {
    guard !isSpareEqual, !isKnownUniquelyReferenced(&current) else { return }
    let next = nextStorage(keepsEncoder: true)
    copyAllButEncoder(from: parameters, to: next.parameters)
    spare = next
    isSpareEqual = true
  }

  /// Moves the weights away from memory that readers hold, if they do.
  mutating func makeWritable() {
    let before = beginUpdate(keepsEncoder: true)
    if before !== parameters { copyAllButEncoder(from: before, to: parameters) }
  }

  private func copyAllButEncoder(from source: Parameters, to target: Parameters) {
    for (index, parts) in zip(target.usedParts, source.usedParts).enumerated()
    where index != ParameterLayout.encoderPart {
      parts.0.copy(from: parts.1)
    }
  }

  /// Notes that weights have changed: in the encoder only the rows given, if so.
  mutating func noteChange(onlyEncoderRows rows: some Sequence<Int>) {
    changedRows.mark(rows: rows, rowCount: parameters.encoder.rows)
  }

  /// Notes that any weight may have changed.
  mutating func noteChangeOfEverything() { hasEncoderChanged = true }

  /// Gives the weights another layout.
  ///
  /// - Precondition: `makeWritable` was called.
  mutating func relayout(_ layout: ParameterLayout) {
    current = SnapshotStorage(current.parameters.relaid(layout))
    isSpareEqual = false
  }

  /// Goes back to weights that were published before.
  mutating func restore(_ snapshot: WeightsSnapshot) {
    current = snapshot.storage
    if spare === current { spare = nil }
    hasEncoderChanged = true
    isSpareEqual = false
  }

  /// Gives back memory that only makes the next update quicker.
  mutating func releaseSpare() {
    spare = nil
    isSpareEqual = false
  }

  /// Memory to write to that nobody reads: the spare, if it is so.
  private mutating func nextStorage(keepsEncoder: Bool) -> SnapshotStorage {
    let layout = parameters.layout
    let buffer = takeSpareBuffer(count: layout.count)
    let next = Parameters(layout: layout, buffer: buffer)
    if keepsEncoder { bringEncoderUpToDate(next, isNew: buffer == nil) } else { hasEncoderChanged = true }
    return SnapshotStorage(next)
  }

  private mutating func takeSpareBuffer(count: Int) -> FloatBuffer? {
    guard var storage = spare.take(), storage.parameters.buffer.count == count, isKnownUniquelyReferenced(&storage)
    else { return nil }
    return storage.parameters.buffer
  }

  private mutating func bringEncoderUpToDate(_ target: Parameters, isNew: Bool) {
    let source = parameters.encoder
    if isNew || hasEncoderChanged {
      target.encoder.copy(from: source)
    } else {
      for row in changedRows.list { target.encoder.row(row).copy(from: source.row(row)) }
    }
    changedRows.clear()
    hasEncoderChanged = false
  }
}
