import Kernels

/// The weights that a network begins with.
///
/// The decoder is uniform in ±0.1 with a zero bias, as in PyTorch's word language model example; everything of the
/// recurrent layers is uniform in ±1/√H, likewise a projection. The encoder is uniform in ±√3, so that its numbers have
/// the unit variance of PyTorch's own embedding layer: from ±0.1, as in the example, words look so much alike to the
/// layers above that plain gradient descent takes several times as long to tell them apart, and learning one sentence
/// overwrites another. A tied encoder is the decoder, hence uniform in ±0.1. Every number is a function of the seed and its tensor, row by row, so a vocabulary that
/// grows to a size has the same weights as one that began with it.
struct WeightInitializer {
  let seed: UInt64

  /// Fills everything that does not grow with the vocabulary.
  func fillRecurrentPart(of weights: Parameters) {
    let bound = 1 / Float(weights.layout.shape.hiddenSize).squareRoot()
    for (index, entry) in weights.layout.entries.enumerated() where !entry.growsWithVocabulary {
      var random = SplitMix64(seed: SplitMix64.mix(seed &+ UInt64(index)))
      let values = weights.buffer.vector(at: entry.offset, count: entry.count)
      for position in 0..<values.count { values[position] = random.nextUniform(within: bound) }
    }
  }

  /// Fills rows of the vocabulary's tensors.
  func fillVocabularyRows(_ rows: Range<Int>, of weights: Parameters) {
    let isTied = weights.layout.shape.isTied
    for row in rows {
      fill(weights.encoder.row(row), row: row, table: 1, within: isTied ? 0.1 : Float(3).squareRoot())
      if !isTied { fill(weights.decoder.weights.row(row), row: row, table: 2, within: 0.1) }
      weights.decoder.bias[row] = 0
    }
  }

  private func fill(_ values: Vector, row: Int, table: UInt64, within bound: Float) {
    var random = SplitMix64(seed: SplitMix64.mix(SplitMix64.mix(seed &+ table << 56) &+ UInt64(row)))
    for position in 0..<values.count { values[position] = random.nextUniform(within: bound) }
  }
}
