/// What determines the tensors of a network: its kind of cell and its sizes.
///
///     tokens -> encoder [V, E] -> L layers of H units -> (projection [E, H] ->) decoder [V, H or E] -> softmax
///
/// A tied network's output layer uses the encoder's weights. Where the embedding and the hidden state differ in size,
/// a linear projection from the top hidden state to the embedding's size comes between.
package struct NetworkShape: Equatable, Sendable {
  package let cell: CellKind
  /// V, how many tokens it knows.
  package private(set) var vocabularySize: Int
  /// E, how many numbers embed a token.
  package let embeddingSize: Int
  /// H, how many units each layer has.
  package let hiddenSize: Int
  /// L, how many recurrent layers are stacked.
  package let layerCount: Int
  /// Whether encoder and output layer share one matrix.
  package let isTied: Bool

  /// The largest size that any of the numbers may have, so that no product of theirs overflows unseen.
  package static let sizeLimit = Int(Int32.max)

  /// Describes a network.
  ///
  /// - Throws: `NetworkError.badSize` if a size is not in 1...`sizeLimit` or the weights could never be addressed.
  package init(
    cell: CellKind, vocabularySize: Int, embeddingSize: Int, hiddenSize: Int, layerCount: Int, isTied: Bool
  ) throws(NetworkError) {
    self.cell = cell
    self.vocabularySize = vocabularySize
    self.embeddingSize = embeddingSize
    self.hiddenSize = hiddenSize
    self.layerCount = layerCount
    self.isTied = isTied
    try checkSizes()
  }

  /// The same network with another vocabulary.
  ///
  /// - Throws: `NetworkError.badSize`.
  package func resized(toVocabulary size: Int) throws(NetworkError) -> NetworkShape {
    var resized = self
    resized.vocabularySize = size
    try resized.checkSizes()
    return resized
  }

  /// Whether a projection stands between the top hidden state and the output layer.
  package var hasProjection: Bool { isTied && embeddingSize != hiddenSize }

  /// How many numbers the output layer reads: E where it is tied, else H.
  package var outputSize: Int { isTied ? embeddingSize : hiddenSize }

  /// G · H, how many rows the weights of a layer have.
  package var gateRowCount: Int { cell.gateCount * hiddenSize }

  /// How many numbers the given layer reads: E at the bottom, H above.
  package func inputSize(ofLayer layer: Int) -> Int { layer == 0 ? embeddingSize : hiddenSize }

  /// How many numbers a network of this shape learns.
  package var parameterCount: Int {
    var count = vocabularySize * embeddingSize + vocabularySize
    if !isTied { count += vocabularySize * hiddenSize }
    if hasProjection { count += embeddingSize * (hiddenSize + 1) }
    count += gateRowCount * (embeddingSize + hiddenSize + 2)
    return count + (layerCount - 1) * gateRowCount * (2 * hiddenSize + 2)
  }

  /// Floating-point operations of training on one token: 6 for each weight but the embedding's, as benchmarks count.
  package var trainingOperationsPerToken: Double {
    var weights = Double(parameterCount - vocabularySize - (isTied ? 0 : vocabularySize * embeddingSize))
    weights -= Double(layerCount * 2 * gateRowCount)
    return 6 * weights
  }

  private func checkSizes() throws(NetworkError) {
    let sizes = [
      ("vocabulary size", vocabularySize), ("embedding size", embeddingSize), ("hidden size", hiddenSize),
      ("layer count", layerCount),
    ]
    for (name, size) in sizes where size < 1 || size > Self.sizeLimit {
      throw .badSize(name: name, found: size)
    }
    // Each factor is under 2³¹, so doubles tell safely whether the count could pass what an address can hold. Four
    // such buffers, each of twice the size for growing, must be countable in bytes.
    let vocabularyPart = Double(vocabularySize) * Double(embeddingSize + hiddenSize + 1)
    let layerPart = Double(layerCount) * Double(gateRowCount) * Double(max(embeddingSize, hiddenSize) + hiddenSize + 2)
    guard vocabularyPart + layerPart + Double(embeddingSize) * Double(hiddenSize + 1) < 0x1p52 else {
      throw .badSize(name: "weights' total count", found: Int.max)
    }
  }
}
