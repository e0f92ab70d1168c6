/// What a reader remembers of the text so far: every layer's hidden state, and an LSTM's cell states.
///
/// It is all that a recurrent network needs to go on, whatever the length of the text, and a plain value: it may be
/// kept, compared, handed to other threads, and fed to any weights of the same shape.
package struct HiddenState: Equatable, Sendable {
  /// For each layer from the bottom: h (`hiddenSize` numbers), then c where the cell has one.
  package var values: [Float]

  /// The state before the first token: zeros.
  package init(zeroFor shape: NetworkShape) {
    values = [Float](repeating: 0, count: Self.count(for: shape))
  }

  /// A state that was kept.
  package init(_ values: [Float]) { self.values = values }

  /// How many bytes its numbers take.
  package var byteCount: Int { values.count * MemoryLayout<Float>.stride }

  /// How many numbers a state of a network has.
  static func count(for shape: NetworkShape) -> Int {
    shape.layerCount * shape.cell.stateCount * shape.hiddenSize
  }
}

/// The hidden states in which the sequences of a mini-batch begin, and after an update those in which they ended.
package struct BatchState: Equatable, Sendable {
  /// One state a sequence, in the order of the window's columns.
  package var sequences: [HiddenState]

  /// The states before the first token of `batchSize` sequences.
  package init(zeroFor shape: NetworkShape, batchSize: Int) {
    sequences = Array(repeating: HiddenState(zeroFor: shape), count: max(0, batchSize))
  }

  /// States to go on from.
  package init(_ sequences: [HiddenState]) {
    self.sequences = sequences
  }
}
