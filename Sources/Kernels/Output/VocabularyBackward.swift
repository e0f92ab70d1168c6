/// The second pass of a `VocabularyPass`: group by group, and in a group some slices at a time, the gradients.
@safe
struct VocabularyBackward: TeamWork {
  private let operands: VocabularyOperands
  private let scale: Float
  /// `[groups, n, depth]`: each group's part of ∂H.
  private let partials: UnsafeMutablePointer<Float>
  private let gradients: VocabularyPass.Gradients

  init(
    operands: VocabularyOperands, scale: Float, partials: UnsafeMutablePointer<Float>,
    gradients: VocabularyPass.Gradients
  ) {
    self.operands = operands
    self.scale = scale
    unsafe self.partials = unsafe partials
    self.gradients = gradients
  }

  /// How many slices are worked on at a time: of G in pairs, which take half the memory, two stay in the second-level
  /// cache, and ∂H is read and written half as often.
  private static func sliceLimit(_ precision: ProductPrecision) -> Int {
    switch precision {
    case .single: 1
    case .bfloat16: 2
    }
  }

  /// Where some slices' things lie in the scratch.
  @safe
  private struct Places {
    let zeros: UnsafeMutablePointer<Float>
    let edge: UnsafeMutablePointer<Float>
    /// D's rows in panels.
    let weights: UnsafeMutablePointer<Float>
    /// G in pairs of positions and in pairs of words; nothing in single precision, where it is used where it lies.
    let positionPairs: UnsafeMutablePointer<Float>
    let wordPairs: UnsafeMutablePointer<Float>

    init(_ operands: VocabularyOperands, scratch: Scratch) {
      let limit = sliceLimit(operands.precision) * VocabularyCut.wordCount
      let panels = EvenSplit(0..<operands.depth, limit: panelWidth).count
      let weightsCount = panels * panelWidth * operands.precision.stepCount(depth: limit)
      let isPaired = operands.precision == .bfloat16
      let edgeCount = maximumTileRows * panelWidth
      let positionPairCount = isPaired ? limit * Self.pairStride(operands) : 0
      let wordPairCount = isPaired ? limit / 2 * operands.wordStride : 0
      unsafe zeros = scratch.memory(
        count: panelWidth + edgeCount + weightsCount + positionPairCount + wordPairCount)
      unsafe edge = unsafe zeros + panelWidth
      unsafe weights = unsafe edge + edgeCount
      unsafe positionPairs = unsafe weights + weightsCount
      unsafe wordPairs = unsafe positionPairs + positionPairCount
      unsafe zeros.update(repeating: 0, count: panelWidth)
    }

    /// The distance between two words' pairs of positions.
    static func pairStride(_ operands: VocabularyOperands) -> Int { operands.paddedPositions / 2 + laneCount }
  }

  func run(_ groups: Range<Int>, scratch: Scratch) {
    let places = Places(operands, scratch: scratch)
    guard let exponentials = unsafe operands.exponentials else { return }
    for group in groups {
      let spans = EvenSplit(operands.cut.groups.range(of: group), limit: Self.sliceLimit(operands.precision))
      let partial = unsafe partials + group * operands.positions * operands.depth
      for span in 0..<spans.count {
        let slices = spans.range(of: span)
        let words = operands.cut.words(of: slices)
        let numbers = unsafe exponentials + words.lowerBound * operands.wordStride
        for slice in slices {
          let words = operands.cut.words(of: slice..<slice + 1)
          unsafe makeGradient(
            of: words, exponentials + words.lowerBound * operands.wordStride,
            factors: operands.maxima + slice * operands.paddedPositions)
        }
        if operands.precision == .bfloat16 { unsafe round(words, numbers, places) }
        if let target = gradients.weights { unsafe computeWeightsGradient(of: words, numbers, target, places) }
        unsafe addHiddenGradient(of: words, numbers, isFirst: span == 0, to: partial, places)
      }
    }
  }

  /// Turns a slice's exponentials into G, and adds up each word's.
  private func makeGradient(
    of words: Range<Int>, _ exponentials: UnsafeMutablePointer<Float>, factors: UnsafePointer<Float>
  ) {
    let stride = operands.wordStride
    let bias = unsafe gradients.bias.start + words.lowerBound
    for word in 0..<words.count {
      let numbers = unsafe exponentials + word &* stride
      var sum = Lanes.zero
      for index in Swift.stride(from: 0, to: operands.paddedPositions, by: laneCount) {
        let lanes = unsafe numbers.lanes(at: index) * factors.lanes(at: index)
        unsafe numbers.set(lanes, at: index)
        sum += lanes
      }
      unsafe bias[word] = (gradients.accumulates ? bias[word] : 0) + sum.total
    }
    for position in 0..<operands.positions {
      let word = unsafe Int(operands.targets[position]) &- words.lowerBound
      guard word >= 0, word < words.count else { continue }
      unsafe exponentials[word &* stride &+ position] -= scale
      unsafe bias[word] -= scale
    }
  }

  /// Rounds rows of G in both directions.
  private func round(_ words: Range<Int>, _ gradient: UnsafePointer<Float>, _ places: Places) {
    unsafe packRowPairs(
      gradient, stride: operands.wordStride, width: operands.paddedPositions, rows: words.count,
      into: places.positionPairs, targetStride: Places.pairStride(operands))
    unsafe packColumnPairs(
      gradient, stride: operands.wordStride, width: operands.paddedPositions, rows: words.count,
      into: places.wordPairs, targetStride: operands.wordStride)
  }

  /// Computes the words' rows of ∂D.
  private func computeWeightsGradient(
    of words: Range<Int>, _ gradient: UnsafePointer<Float>, _ target: Matrix, _ places: Places
  ) {
    let isPaired = operands.precision == .bfloat16
    let a = unsafe isPaired ? UnsafePointer(places.positionPairs) : gradient
    let aStride = isPaired ? Places.pairStride(operands) : operands.wordStride
    let tiles = EvenSplit(0..<words.count, limit: maximumTileRows)
    let blocks = EvenSplit(0..<operands.positionSteps, limit: Product.stepLimit)
    for block in 0..<blocks.count {
      let steps = blocks.range(of: block)
      let isFresh = block == 0 && !gradients.accumulates
      for column in stride(from: 0, to: operands.depth, by: panelWidth) {
        let b = unsafe operands.panels + column * operands.positionSteps + steps.lowerBound * panelWidth
        for index in 0..<tiles.count {
          let rows = tiles.range(of: index)
          let c = unsafe target.start + (words.lowerBound + rows.lowerBound) * target.rowStride + column
          let tile = unsafe Tile(
            precision: operands.precision, rows: rows.count, depth: steps.count,
            a: a + rows.lowerBound * aStride + steps.lowerBound, aRowStride: aStride, aDepthStride: 1, b: b,
            bDepthStride: panelWidth, initial: isFresh ? places.zeros : c,
            initialRowStride: isFresh ? 0 : target.rowStride, c: c, cRowStride: target.rowStride)
          unsafe tile.compute(width: min(panelWidth, operands.depth - column), edge: places.edge)
        }
      }
    }
  }

  /// Adds the words' part of ∂H.
  private func addHiddenGradient(
    of words: Range<Int>, _ gradient: UnsafePointer<Float>, isFirst: Bool, to partial: UnsafeMutablePointer<Float>,
    _ places: Places
  ) {
    let depth = operands.depth
    let steps = operands.precision.stepCount(depth: words.count)
    let a = unsafe operands.precision == .bfloat16 ? UnsafePointer(places.wordPairs) : gradient
    let (weights, stride) = unsafe (
      operands.weights + words.lowerBound * operands.weightsStride, operands.weightsStride
    )
    let directDepth = directDepth
    // A part that does not stay in the second-level cache is asked for tile by tile.
    let isAsked = !isFirst && operands.positions * depth > Product.packedLimit
    unsafe packWeights(words, columns: directDepth..<depth, into: places.weights)
    let tiles = EvenSplit(0..<operands.positions, limit: maximumTileRows)
    for column in Swift.stride(from: 0, to: depth, by: panelWidth) {
      let isDirect = column < directDepth
      let b = unsafe isDirect ? weights + column : UnsafePointer(places.weights) + (column - directDepth) * steps
      for index in 0..<tiles.count {
        let rows = tiles.range(of: index)
        let c = unsafe partial + rows.lowerBound * depth + column
        let tile = unsafe Tile(
          precision: operands.precision, rows: rows.count, depth: steps, a: a + rows.lowerBound, aRowStride: 1,
          aDepthStride: operands.wordStride, b: b, bDepthStride: isDirect ? stride : panelWidth,
          initial: isFirst ? places.zeros : c, initialRowStride: isFirst ? 0 : depth, c: c, cRowStride: depth,
          next: isAsked && index + 1 < tiles.count ? c + rows.count * depth : nil)
        unsafe tile.compute(width: min(panelWidth, depth - column), edge: places.edge)
      }
    }
  }

  /// How many of D's columns are read where they lie: with few positions packing costs more than it saves. What is left
  /// at the right edge, less than a panel, is always packed.
  private var directDepth: Int {
    operands.precision == .single && operands.positions <= 4 * maximumTileRows
      ? operands.depth / panelWidth * panelWidth : 0
  }

  private func packWeights(_ words: Range<Int>, columns: Range<Int>, into target: UnsafeMutablePointer<Float>) {
    let (source, stride) = unsafe (operands.weights + words.lowerBound * operands.weightsStride, operands.weightsStride)
    let steps = 0..<operands.precision.stepCount(depth: words.count)
    switch operands.precision {
    case .single:
      unsafe packRowMajor(source, stride: stride, depths: steps, columns: columns, into: target)
    case .bfloat16:
      unsafe packRowMajorPairs(source, stride: stride, depth: words.count, steps: steps, columns: columns, into: target)
    }
  }
}

/// Adds up the groups' parts of ∂H, in order.
@safe
struct PartialSumWork: TeamWork {
  private let partials: UnsafePointer<Float>
  private let partialCount: Int
  private let groupCount: Int
  private let target: Matrix

  init(partials: UnsafePointer<Float>, partialCount: Int, groupCount: Int, target: Matrix) {
    unsafe self.partials = unsafe partials
    self.partialCount = partialCount
    self.groupCount = groupCount
    self.target = target
  }

  func run(_ rows: Range<Int>, scratch: Scratch) {
    for row in rows {
      let sum = unsafe target.start + row * target.rowStride
      let first = unsafe partials + row * target.columns
      forEachLanes(target.columns) { index, width in
        var lanes = unsafe first.lanes(at: index, count: width)
        for group in 1..<max(1, groupCount) {
          lanes += unsafe (first + group * partialCount).lanes(at: index, count: width)
        }
        unsafe sum.set(lanes, at: index, count: width)
      }
    }
  }
}
