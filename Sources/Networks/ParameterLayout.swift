/// Where each tensor of a network lies in the one buffer that holds them all.
///
/// Weights, gradient, moments and snapshots share a layout, so that they can be walked in step. The recurrent tensors
/// come first and those that the vocabulary's size enters last, with spare rows at the end of each for words to come.
/// Every tensor starts on a cache line. Gaps hold zeros; gaps and spare rows take part in nothing.
package struct ParameterLayout: Equatable, Sendable {
  package let shape: NetworkShape
  /// How many rows the tensors of the vocabulary have room for, at least `shape.vocabularySize`.
  package let vocabularyCapacity: Int
  /// The tensors, in the order in which they lie in the buffer.
  package let entries: [ParameterEntry]
  /// How many numbers the buffer holds, gaps and spare rows included.
  package let count: Int
  /// The parts of the buffer that are in use, in order: everything before the vocabulary's tensors as one piece (its
  /// gaps stay zero), then the used rows of each of those.
  let usedRanges: [Range<Int>]
  /// The encoder's place among `usedRanges`, and an untied decoder's.
  static let encoderPart = 1
  static let decoderPart = 2

  /// Numbers in a cache line.
  private static let alignment = 16

  /// Lays out a network.
  ///
  /// - Parameter vocabularyCapacity: Rows to make room for; as many as are used when left out.
  /// - Precondition: the capacity is at least the vocabulary's size.
  package init(shape: NetworkShape, vocabularyCapacity: Int? = nil) {
    let capacity = vocabularyCapacity ?? shape.vocabularySize
    precondition(capacity >= shape.vocabularySize, "ParameterLayout: capacity below the vocabulary's size")
    var entries: [ParameterEntry] = []
    var ranges: [Range<Int>] = []
    var end = 0
    func place(_ name: String, _ dimensions: [Int], isVocabulary: Bool = false) {
      let rowCount = dimensions.dropFirst().reduce(1, *)
      let entry = ParameterEntry(name: name, dimensions: dimensions, offset: end, growsWithVocabulary: isVocabulary)
      entries.append(entry)
      if isVocabulary { ranges.append(entry.offset..<entry.offset + entry.count) }
      let reserved = (isVocabulary ? capacity : dimensions[0]) * rowCount
      end = (end + reserved + Self.alignment - 1) / Self.alignment * Self.alignment
    }
    for layer in 0..<shape.layerCount {
      place("rnn.weight_ih_l\(layer)", [shape.gateRowCount, shape.inputSize(ofLayer: layer)])
      place("rnn.weight_hh_l\(layer)", [shape.gateRowCount, shape.hiddenSize])
      place("rnn.bias_ih_l\(layer)", [shape.gateRowCount])
      place("rnn.bias_hh_l\(layer)", [shape.gateRowCount])
    }
    if shape.hasProjection {
      place("projection.weight", [shape.embeddingSize, shape.hiddenSize])
      place("projection.bias", [shape.embeddingSize])
    }
    let recurrentPart = 0..<end
    place("encoder.weight", [shape.vocabularySize, shape.embeddingSize], isVocabulary: true)
    if !shape.isTied { place("decoder.weight", [shape.vocabularySize, shape.hiddenSize], isVocabulary: true) }
    place("decoder.bias", [shape.vocabularySize], isVocabulary: true)
    self.shape = shape
    self.vocabularyCapacity = capacity
    self.entries = entries
    count = end
    usedRanges = [recurrentPart] + ranges
  }

  /// The tensor of that name, if the network has it.
  package subscript(name: String) -> ParameterEntry? { entries.first { $0.name == name } }
}

/// A tensor's place in a `ParameterLayout`.
package struct ParameterEntry: Equatable, Sendable {
  /// PyTorch's name, such as `rnn.weight_ih_l0`.
  package let name: String
  /// `[rows, columns]`, or `[count]` of a bias; without spare rows.
  package let dimensions: [Int]
  /// Where it begins in the buffer.
  package let offset: Int
  /// Whether its first dimension is the vocabulary's.
  package let growsWithVocabulary: Bool

  /// How many numbers are in use.
  package var count: Int { dimensions.reduce(1, *) }
  /// The same as a matrix: a bias is one column.
  var rows: Int { dimensions[0] }
  var columns: Int { dimensions.count > 1 ? dimensions[1] : 1 }
}
