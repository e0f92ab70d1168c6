import Kernels

extension Trainer {
  /// Makes room for new words: their encoder and decoder rows begin as those of a network made with them, their moments
  /// at zero. Nothing happens if there are as many already.
  ///
  /// Rows are spare up to the layout's capacity; beyond it everything moves to a buffer with twice the rows.
  ///
  /// - Throws: `NetworkError.badSize` if the network would become too large to be addressed.
  /// - Complexity: O(new rows); a copy of everything when it moves.
  package func grow(toVocabulary size: Int) throws(NetworkError) {
    let oldSize = shape.vocabularySize
    guard size > oldSize else { return }
    let newShape = try shape.resized(toVocabulary: size)
    let capacity = weights.layout.vocabularyCapacity
    relayout(
      ParameterLayout(
        shape: newShape, vocabularyCapacity: size <= capacity ? capacity : max(size, 2 * capacity, Self.smallCapacity)))
    shared.noteChange(onlyEncoderRows: oldSize..<size)
    WeightInitializer(seed: seed).fillVocabularyRows(oldSize..<size, of: weights)
    bound.weights = max(bound.weights, 1)
  }

  /// Takes back growth whose words were not taught after all.
  ///
  /// - Precondition: `size` is at least one. Nothing happens if there are no more words.
  package func shrink(toVocabulary size: Int) {
    precondition(size >= 1, "Trainer.shrink: no words left")
    guard size < shape.vocabularySize, let newShape = try? shape.resized(toVocabulary: size) else { return }
    shared.makeWritable()
    shared.noteChangeOfEverything()
    for parameters in [weights, gradient] + moments { parameters.clearVocabularyRows(from: size) }
    relayout(ParameterLayout(shape: newShape, vocabularyCapacity: weights.layout.vocabularyCapacity))
  }

  /// The least room that a vocabulary gets once it has begun to grow.
  private static let smallCapacity = 256

  /// Gives everything another layout: in place if the rows' capacity stays.
  private func relayout(_ layout: ParameterLayout) {
    shared.makeWritable()
    shared.relayout(layout)
    relayoutGradient(layout)
    moments = moments.map { $0.relaid(layout) }
  }

  /// Nothing of a gradient is needed between two updates.
  private func relayoutGradient(_ layout: ParameterLayout) {
    let fits = gradient.layout.vocabularyCapacity == layout.vocabularyCapacity
    gradient = fits ? gradient.relaid(layout) : Self.makeGradient(layout, optimizer)
  }

  /// Keeps everything that an update may change, to be able to take several back at once.
  ///
  /// - Complexity: a copy of the moments; the weights are shared until they change.
  package func checkpoint() -> TrainerCheckpoint {
    TrainerCheckpoint(weights: snapshot(), moments: moments.map { $0.copied() }, step: step, bound: bound)
  }

  /// Takes back everything since a checkpoint of this trainer was taken, growth included, bit for bit.
  package func restore(_ checkpoint: TrainerCheckpoint) {
    for (moment, kept) in zip(moments, checkpoint.moments) {
      moment.clearVocabularyRows(from: min(moment.encoder.rows, kept.encoder.rows))
    }
    shared.restore(checkpoint.weights)
    relayoutGradient(weights.layout)
    moments = moments.map { $0.relaid(weights.layout) }
    for (moment, kept) in zip(moments, checkpoint.moments) { moment.copy(from: kept) }
    step = checkpoint.step
    bound = checkpoint.bound
  }
}

extension Trainer {
  /// A copy of the moments, for a thread that writes them to files while training goes on.
  ///
  /// - Complexity: O(moments): it takes as long as to copy them.
  package func copyMoments() -> MomentsCopy {
    MomentsCopy(optimizer: optimizer, moments: moments.map { $0.copied() })
  }
}

/// An optimiser's moments at one moment: copies that nobody writes to.
///
/// `Sendable` holds although the compiler cannot see it: the parameters are the copy's own, and only read.
package final class MomentsCopy: @unchecked Sendable {
  private let optimizer: Optimizer
  private let moments: [Parameters]

  fileprivate init(optimizer: Optimizer, moments: [Parameters]) {
    self.optimizer = optimizer
    self.moments = moments
  }

  /// Under the names of `Trainer.optimizerTensors`. The values are only to be read, while the copy is held.
  package var tensors: [NamedTensor] {
    zip(optimizer.momentPrefixes, moments).flatMap { prefix, moment in moment.tensors(prefix: prefix) }
  }
}

/// What `Trainer.restore(_:)` goes back to: everything that an update may change.
package struct TrainerCheckpoint {
  let weights: WeightsSnapshot
  let moments: [Parameters]
  let step: Int
  let bound: MagnitudeBound
}

extension Parameters {
  /// The same numbers, as far as there is room for them, under another layout: in this buffer if it has the same
  /// capacity, else in a new one.
  func relaid(_ newLayout: ParameterLayout) -> Parameters {
    if newLayout.vocabularyCapacity == layout.vocabularyCapacity {
      return Parameters(layout: newLayout, buffer: buffer)
    }
    let moved = Parameters(layout: newLayout)
    moved.copy(from: self)
    return moved
  }

  /// The same numbers in a buffer of their own, without spare rows.
  func copied() -> Parameters {
    let copy = Parameters(layout: ParameterLayout(shape: layout.shape))
    copy.copy(from: self)
    return copy
  }

  /// Makes rows spare again: zeros.
  func clearVocabularyRows(from size: Int) {
    for row in size..<encoder.rows {
      encoder.row(row).fill(with: 0)
      decoder.weights.row(row).fill(with: 0)
      decoder.bias[row] = 0
    }
  }
}
