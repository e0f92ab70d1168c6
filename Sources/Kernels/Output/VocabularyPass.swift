/// The output layer over a large vocabulary, its softmax and the loss, in two passes over slices of the vocabulary.
///
///     logits = H Dᵀ + d            H `[n, depth]`, D `[V, depth]`
///     losses = log Σ_j e^logits[j] − logits[target]                                        in nats
///     G      = (softmax(logits) − [j = target]) · scale
///     ∂H = G D        ∂D = Gᵀ H        ∂d = the column sums of G
///
/// The first pass makes a slice's logits, word by word for all positions, and at once their exponentials relative to each
/// position's greatest, while they are in the nearest cache; what it keeps for each position is that and their sum. The
/// second turns a slice's exponentials into G by one factor a position, and at once into its part of all three
/// gradients, while G is in the second-level cache. D is read once in each pass, as it lies, and ∂D written once.
///
/// The slices' parts of ∂H are added up in as many groups as `VocabularyCut` says, whatever the number of threads, so the
/// bits do not depend on it.
///
/// Keeps its memory from call to call. Not `Sendable`: one thread at a time.
package final class VocabularyPass {
  private let precision: ProductPrecision
  private var exponentials = FloatBuffer(count: 0)
  private var summaries = FloatBuffer(count: 0)
  private var packed = FloatBuffer(count: 0)
  private var partialGradients = FloatBuffer(count: 0)

  /// The least vocabulary that has slices enough to share among threads.
  package static let leastSize = 1024
  /// The most positions of which a slice stays in the second-level cache.
  package static let positionLimit = 1024

  /// - Parameter precision: What the three products multiply with.
  package init(precision: ProductPrecision = .single) {
    self.precision = precision
  }

  /// What the gradients are written to.
  package struct Gradients {
    /// Receives ∂H, `[n, depth]`.
    package let hidden: Matrix
    /// Receives ∂D, `[V, depth]`; left out, ∂D stays the product of G's transpose and H.
    package let weights: Matrix?
    /// Receives ∂d.
    package let bias: Vector
    /// Whether ∂D and ∂d are added to what is there.
    package let accumulates: Bool

    package init(hidden: Matrix, weights: Matrix?, bias: Vector, accumulates: Bool) {
      self.hidden = hidden
      self.weights = weights
      self.bias = bias
      self.accumulates = accumulates
    }
  }

  /// Computes the losses, and sends them back.
  ///
  /// - Parameters:
  ///   - targets: One for each row of `hidden`.
  ///   - scale: What every gradient is multiplied by.
  ///   - losses: Receives one loss a row. A logit that is not finite makes it infinite or NaN.
  /// - Returns: Gᵀ, `[V, n]`, good until the next call.
  /// - Precondition: the shapes fit, targets lie in the vocabulary, and no result overlaps anything else.
  /// - Complexity: 6 · n · V · depth FLOP, 4 without ∂D; memory for n · V numbers.
  @discardableResult
  package func sendBack(
    _ hidden: Matrix, weights: Matrix, bias: Vector, targets: Span<Int32>, scale: Float, losses: Vector,
    gradients: Gradients, team: ThreadTeam
  ) -> Matrix {
    precondition(
      gradients.hidden.rows == hidden.rows && gradients.hidden.columns == hidden.columns
        && (gradients.weights?.rows ?? weights.rows) == weights.rows
        && (gradients.weights?.columns ?? weights.columns) == weights.columns
        && gradients.bias.count == bias.count, "VocabularyPass: gradients do not fit")
    withOperands(hidden, weights, bias, targets, keepsExponentials: true) { operands in
      computeLosses(operands, scale: scale, losses: losses, team: team)
      if gradients.weights != nil { pack(operands, transpose: false, team: team) }
      let groupCount = operands.cut.groups.count
      let partialCount = operands.positions * operands.depth
      Self.makeRoom(groupCount * partialCount, in: &partialGradients)
      let backward = unsafe VocabularyBackward(
        operands: operands, scale: scale, partials: partialGradients.base, gradients: gradients)
      team.run(backward, count: groupCount, grain: 1)
      let sum = unsafe PartialSumWork(
        partials: partialGradients.base, partialCount: partialCount, groupCount: groupCount, target: gradients.hidden)
      team.run(sum, count: operands.positions, grain: max(1, 8192 / operands.depth))
    }
    return exponentials.matrix(
      rows: weights.rows, columns: hidden.rows, rowStride: VocabularyOperands.wordStride(positions: hidden.rows))
  }

  /// Computes the losses alone.
  ///
  /// - Precondition: as for `sendBack`.
  package func losses(
    _ hidden: Matrix, weights: Matrix, bias: Vector, targets: Span<Int32>, into losses: Vector, team: ThreadTeam
  ) {
    withOperands(hidden, weights, bias, targets, keepsExponentials: false) { operands in
      computeLosses(operands, scale: 0, losses: losses, team: team)
    }
  }

  private func computeLosses(_ operands: VocabularyOperands, scale: Float, losses: Vector, team: ThreadTeam) {
    precondition(losses.count == operands.positions, "VocabularyPass: losses do not fit")
    pack(operands, transpose: true, team: team)
    team.run(VocabularyForward(operands: operands), count: operands.cut.slices.count, grain: 1)
    team.run(
      VocabularyNormaliser(operands: operands, scale: scale, losses: losses), count: operands.panelCount,
      grain: max(1, 64 / operands.cut.slices.count))
  }

  /// Packs H as the right side: transposed for the logits, as it is for ∂D.
  private func pack(_ operands: VocabularyOperands, transpose: Bool, team: ThreadTeam) {
    let work = unsafe HiddenPackingWork(operands: operands, isTransposed: transpose, target: packed.base)
    let columns = transpose ? operands.positions : operands.depth
    team.run(work, count: EvenSplit(0..<columns, limit: panelWidth).count, grain: 2)
  }

  /// Checks everything, makes room, and says where things lie.
  private func withOperands(
    _ hidden: Matrix, _ weights: Matrix, _ bias: Vector, _ targets: Span<Int32>, keepsExponentials: Bool,
    _ body: (VocabularyOperands) -> Void
  ) {
    precondition(
      hidden.columns == weights.columns && bias.count == weights.rows && targets.count == hidden.rows,
      "VocabularyPass: shapes differ")
    for index in targets.indices {
      precondition(targets[index] >= 0 && Int(targets[index]) < weights.rows, "VocabularyPass: target out of bounds")
    }
    precondition(hidden.rows > 0 && hidden.columns > 0, "VocabularyPass: nothing to predict from")
    let cut = VocabularyCut(size: weights.rows)
    let (positions, depth) = (hidden.rows, hidden.columns)
    let paddedPositions = EvenSplit(0..<positions, limit: panelWidth).count * panelWidth
    let paddedDepth = EvenSplit(0..<depth, limit: panelWidth).count * panelWidth
    if keepsExponentials {
      Self.makeRoom(weights.rows * VocabularyOperands.wordStride(positions: positions), in: &exponentials)
    }
    Self.makeRoom((2 * cut.slices.count + 1) * paddedPositions, in: &summaries)
    Self.makeRoom(
      max(
        paddedPositions * precision.stepCount(depth: depth), paddedDepth * precision.stepCount(depth: positions)),
      in: &packed)
    unsafe targets.withUnsafeBufferPointer { targets in
      guard let first = targets.baseAddress else { return }
      body(
        unsafe VocabularyOperands(
          precision: precision, cut: cut, positions: positions, depth: depth, hidden: hidden.start,
          hiddenStride: hidden.rowStride, weights: weights.start, weightsStride: weights.rowStride, bias: bias.start,
          targets: first, exponentials: keepsExponentials ? exponentials.base : nil, maxima: summaries.base,
          sums: summaries.base + cut.slices.count * paddedPositions,
          targetLogits: summaries.base + 2 * cut.slices.count * paddedPositions, panels: packed.base))
    }
    withExtendedLifetime((hidden, weights, bias)) {}
  }

  private static func makeRoom(_ count: Int, in buffer: inout FloatBuffer) {
    if count > buffer.count { buffer = FloatBuffer(count: count) }
  }
}

/// How a vocabulary is cut: into slices, and those into groups.
struct VocabularyCut {
  private let size: Int
  /// Of the slices: as many as eight threads can share evenly.
  let groups: EvenSplit

  /// The words in a slice, but for the last: whole tiles, and whole pairs. A slice of 700 positions takes a third of a
  /// second-level cache.
  static let wordCount = 120
  private static let groupLimit = 8

  init(size: Int) {
    self.size = size
    let sliceCount = (size + Self.wordCount - 1) / Self.wordCount
    groups = EvenSplit(0..<sliceCount, count: min(max(sliceCount, 1), Self.groupLimit))
  }

  var slices: Range<Int> { groups.whole }

  /// The words of slices that follow each other.
  func words(of slices: Range<Int>) -> Range<Int> {
    slices.lowerBound * Self.wordCount..<min(slices.upperBound * Self.wordCount, size)
  }
}

/// Where the operands of a `VocabularyPass` lie, and what the first pass keeps for the second.
@safe
struct VocabularyOperands {
  let precision: ProductPrecision
  let cut: VocabularyCut
  /// n, and the depth of the logits' sums.
  let positions: Int
  let depth: Int
  let hidden: UnsafePointer<Float>
  let hiddenStride: Int
  let weights: UnsafePointer<Float>
  let weightsStride: Int
  let bias: UnsafePointer<Float>
  let targets: UnsafePointer<Int32>
  /// `[V, wordStride]`: e^(logit − the slice's greatest), later G; nil if nobody asks for them.
  let exponentials: UnsafeMutablePointer<Float>?
  /// `[slices, paddedPositions]`: the greatest logit, later the factor that makes exponentials gradients.
  let maxima: UnsafeMutablePointer<Float>
  /// `[slices, paddedPositions]`: the sum of the exponentials.
  let sums: UnsafeMutablePointer<Float>
  /// `[paddedPositions]`.
  let targetLogits: UnsafeMutablePointer<Float>
  /// H as the right side of the pass at hand.
  let panels: UnsafePointer<Float>

  /// The panels of 32 positions.
  var panelCount: Int { EvenSplit(0..<positions, limit: panelWidth).count }
  var paddedPositions: Int { panelCount * panelWidth }
  var wordStride: Int { Self.wordStride(positions: positions) }

  /// The distance between two words' numbers: an odd number of cache lines, so that a walk from word to word meets every
  /// set of the first-level cache.
  static func wordStride(positions: Int) -> Int {
    EvenSplit(0..<positions, limit: panelWidth).count * panelWidth + laneCount
  }

  /// How many steps the sums of the logits take, and those of ∂D.
  var depthSteps: Int { precision.stepCount(depth: depth) }
  var positionSteps: Int { precision.stepCount(depth: positions) }
}
