import Kernels

/// The weights that a network begins with, as PyTorch's word language model example draws them.
///
/// Encoder and decoder are uniform in ±0.1 with a zero decoder bias; everything of the recurrent layers is uniform in
/// ±1/√H, likewise a projection. Every number is a function of the seed and its tensor, row by row, so a vocabulary that
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
      fill(weights.encoder.row(row), row: row, table: 1)
      if !isTied { fill(weights.decoder.weights.row(row), row: row, table: 2) }
      weights.decoder.bias[row] = 0
    }
  }

  private func fill(_ values: Vector, row: Int, table: UInt64) {
    var random = SplitMix64(seed: SplitMix64.mix(SplitMix64.mix(seed &+ table << 56) &+ UInt64(row)))
    for position in 0..<values.count { values[position] = random.nextUniform(within: 0.1) }
  }
}
