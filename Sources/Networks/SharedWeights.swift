import Kernels

/// A trainer's weights, shared with readers until they change.
///
/// A snapshot is the very memory that holds the weights, so publishing costs nothing. Before weights change, they move to
/// other memory if a snapshot is still held: that of the snapshot before, if its readers have let go of it, brought up
/// to date by copying only what has changed since. In a steady run two buffers take turns.
struct SharedWeights {
  private var current: SnapshotStorage
  /// Memory of an earlier turn, to be written once no snapshot holds it.
  private var previous: SnapshotStorage?
  /// The encoder's rows in which `previous` may differ from `current`; everything else may anyway.
  private var changedRows = TouchedRows()
  /// Whether all of the encoder may differ.
  private var hasEncoderChanged = false
  /// Whether nothing at all differs.
  private var isAsPrevious = false

  init(_ parameters: Parameters) {
    current = SnapshotStorage(parameters)
  }

  /// The weights: to be changed only after `makeWritable`, and every change to be noted.
  var parameters: Parameters { current.parameters }

  /// The weights as they are now.
  var snapshot: WeightsSnapshot { WeightsSnapshot(storage: current) }

  /// Moves the weights away from memory that readers hold, if they do.
  mutating func makeWritable() {
    guard !isKnownUniquelyReferenced(&current) else { return }
    let layout = current.parameters.layout
    let moved: Parameters
    if let buffer = takePreviousBuffer(count: layout.count) {
      moved = Parameters(layout: layout, buffer: buffer)
      bringUpToDate(moved)
    } else {
      moved = Parameters(layout: layout)
      moved.copy(from: current.parameters)
    }
    previous = current
    current = SnapshotStorage(moved)
    changedRows.clear()
    hasEncoderChanged = false
    isAsPrevious = true
  }

  /// Notes that weights have changed: in the encoder only the rows given, if so.
  mutating func noteChange(onlyEncoderRows rows: some Sequence<Int>) {
    changedRows.mark(rows: rows, rowCount: parameters.encoder.rows)
    isAsPrevious = false
  }

  /// Notes that any weight may have changed.
  mutating func noteChangeOfEverything() {
    hasEncoderChanged = true
    isAsPrevious = false
  }

  /// Gives the weights another layout.
  ///
  /// - Precondition: `makeWritable` was called.
  mutating func relayout(_ layout: ParameterLayout) {
    current = SnapshotStorage(current.parameters.relaid(layout))
    isAsPrevious = false
  }

  /// Goes back to weights that were published before.
  mutating func restore(_ snapshot: WeightsSnapshot) {
    current = snapshot.storage
    if previous === current { previous = nil }
    hasEncoderChanged = true
    isAsPrevious = false
  }

  /// Gives back memory that only makes the next move quicker. Weights that have moved and not changed since move back.
  mutating func releaseSpare() {
    if isAsPrevious, let previous { current = previous }
    previous = nil
    isAsPrevious = false
  }

  private mutating func takePreviousBuffer(count: Int) -> FloatBuffer? {
    guard previous != nil else { return nil }
    defer { previous = nil }
    guard var storage = previous.take(), storage.parameters.buffer.count == count,
      isKnownUniquelyReferenced(&storage)
    else { return nil }
    return storage.parameters.buffer
  }

  private func bringUpToDate(_ target: Parameters) {
    guard !hasEncoderChanged else {
      target.copy(from: current.parameters)
      return
    }
    for (index, parts) in zip(target.usedParts, current.parameters.usedParts).enumerated()
    where index != ParameterLayout.encoderPart {
      parts.0.copy(from: parts.1)
    }
    for row in changedRows.list { target.encoder.row(row).copy(from: current.parameters.encoder.row(row)) }
  }
}
