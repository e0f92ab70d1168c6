#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The first pass of a `VocabularyPass`: slice by slice the logits, their exponentials, and what is to be known of them.
@safe
struct VocabularyForward: TeamWork {
  let operands: VocabularyOperands

  func run(_ slices: Range<Int>, scratch: Scratch) {
    for slice in slices { compute(slice, scratch: scratch) }
  }

  private func compute(_ slice: Int, scratch: Scratch) {
    let words = operands.cut.words(of: slice..<slice + 1)
    let steps = operands.depthSteps
    let isPaired = operands.precision == .bfloat16
    let blockStride = panelWidth + laneCount
    let zeros = unsafe scratch.memory(
      count: panelWidth + words.count * blockStride + (isPaired ? words.count * steps + laneCount : 0))
    unsafe zeros.update(repeating: 0, count: panelWidth)
    let block = unsafe zeros + panelWidth
    var (a, aStride) = unsafe (operands.weights + words.lowerBound * operands.weightsStride, operands.weightsStride)
    if isPaired {
      let room = unsafe block + words.count * blockStride
      unsafe packRowPairs(
        a, stride: aStride, width: operands.depth, rows: words.count, into: room, targetStride: steps)
      unsafe a = unsafe UnsafePointer(room)
      aStride = steps
    }
    let tiles = EvenSplit(0..<words.count, limit: maximumTileRows)
    for panel in 0..<operands.panelCount {
      for index in 0..<tiles.count {
        let rows = tiles.range(of: index)
        let tile = unsafe Tile(
          precision: operands.precision, rows: rows.count, depth: steps, a: a + rows.lowerBound * aStride,
          aRowStride: aStride, aDepthStride: 1, b: operands.panels + panel * panelWidth * steps,
          bDepthStride: panelWidth, initial: zeros, initialRowStride: 0, c: block + rows.lowerBound * blockStride,
          cRowStride: blockStride)
        tile.compute(isNarrow: false)
      }
      unsafe summarise(slice, words: words, panel: panel, logits: block, stride: blockStride)
    }
  }

  /// Notes, for 32 positions, a slice's greatest logit, its targets' logits and the sum of the exponentials relative to
  /// the greatest, and keeps those if they are asked for.
  private func summarise(
    _ slice: Int, words: Range<Int>, panel: Int, logits: UnsafeMutablePointer<Float>, stride: Int
  ) {
    let bias = unsafe operands.bias + words.lowerBound
    var (left, right) = (Lanes(repeating: -.infinity), Lanes(repeating: -.infinity))
    for word in 0..<words.count {
      let numbers = unsafe logits + word &* stride
      let leftLogits = unsafe numbers.lanes(at: 0) + bias[word]
      let rightLogits = unsafe numbers.lanes(at: laneCount) + bias[word]
      unsafe numbers.set(leftLogits, at: 0)
      unsafe numbers.set(rightLogits, at: laneCount)
      left = left.greater(leftLogits)
      right = right.greater(rightLogits)
    }
    let positions = panel * panelWidth..<min((panel + 1) * panelWidth, operands.positions)
    for position in positions {
      let word = unsafe Int(operands.targets[position]) &- words.lowerBound
      guard word >= 0, word < words.count else { continue }
      unsafe operands.targetLogits[position] = unsafe logits[word &* stride &+ position &- positions.lowerBound]
    }
    let place = slice * operands.paddedPositions + positions.lowerBound
    unsafe operands.maxima.set(left, at: place)
    unsafe operands.maxima.set(right, at: place + laneCount)
    var (leftSum, rightSum) = (Lanes.zero, Lanes.zero)
    let kept = unsafe operands.exponentials.map {
      unsafe $0 + words.lowerBound * operands.wordStride + positions.lowerBound
    }
    for word in 0..<words.count {
      let numbers = unsafe logits + word &* stride
      let leftPower = unsafe exponential(numbers.lanes(at: 0) - left)
      let rightPower = unsafe exponential(numbers.lanes(at: laneCount) - right)
      leftSum += leftPower
      rightSum += rightPower
      guard let kept = unsafe kept else { continue }
      unsafe (kept + word &* operands.wordStride).set(leftPower, at: 0)
      unsafe (kept + word &* operands.wordStride).set(rightPower, at: laneCount)
    }
    unsafe operands.sums.set(leftSum, at: place)
    unsafe operands.sums.set(rightSum, at: place + laneCount)
  }
}

/// Puts the slices' summaries together, for 32 positions at a time: the losses, and the factor that makes each slice's
/// exponentials gradients, which is zero where there is no position.
@safe
struct VocabularyNormaliser: TeamWork {
  let operands: VocabularyOperands
  let scale: Float
  let losses: Vector

  func run(_ panels: Range<Int>, scratch: Scratch) {
    for first in stride(from: panels.lowerBound * panelWidth, to: panels.upperBound * panelWidth, by: laneCount) {
      normalise(from: first)
    }
  }

  private func normalise(from first: Int) {
    let slices = operands.cut.slices
    let (maxima, sums) = unsafe (operands.maxima + first, operands.sums + first)
    let stride = operands.paddedPositions
    var greatest = Lanes(repeating: -.infinity)
    for slice in slices { greatest = unsafe greatest.greater(maxima.lanes(at: slice * stride)) }
    var total = Lanes.zero
    for slice in slices {
      let factor = unsafe exponential(maxima.lanes(at: slice * stride) - greatest)
      unsafe maxima.set(factor, at: slice * stride)
      total = unsafe total.plusProduct(factor, sums.lanes(at: slice * stride))
    }
    let count = max(0, min(laneCount, losses.count - first))
    let toGradient = (Lanes(repeating: scale) / total)
      .replacing(with: 0, where: laneNumbers .>= Int32(truncatingIfNeeded: count))
    for slice in slices { unsafe maxima.set(maxima.lanes(at: slice * stride) * toGradient, at: slice * stride) }
    for lane in 0..<count {
      let logarithm = Double(greatest[lane]) + log(Double(total[lane]))
      unsafe losses.start[first + lane] = unsafe Float(logarithm - Double(operands.targetLogits[first + lane]))
    }
  }
}

/// Packs H as the right side of a product, cut by panels.
@safe
struct HiddenPackingWork: TeamWork {
  private let operands: VocabularyOperands
  private let isTransposed: Bool
  private let target: UnsafeMutablePointer<Float>

  init(operands: VocabularyOperands, isTransposed: Bool, target: UnsafeMutablePointer<Float>) {
    self.operands = operands
    self.isTransposed = isTransposed
    unsafe self.target = unsafe target
  }

  func run(_ panels: Range<Int>, scratch: Scratch) {
    let (rows, columnCount) =
      isTransposed ? (operands.depth, operands.positions) : (operands.positions, operands.depth)
    let steps = operands.precision.stepCount(depth: rows)
    let columns = panels.lowerBound * panelWidth..<min(panels.upperBound * panelWidth, columnCount)
    let place = unsafe target + panels.lowerBound * panelWidth * steps
    let (source, stride) = unsafe (operands.hidden, operands.hiddenStride)
    switch (operands.precision, isTransposed) {
    case (.single, false):
      unsafe packRowMajor(source, stride: stride, depths: 0..<steps, columns: columns, into: place)
    case (.single, true):
      unsafe packTransposed(source, stride: stride, depths: 0..<steps, columns: columns, into: place)
    case (.bfloat16, false):
      unsafe packRowMajorPairs(source, stride: stride, depth: rows, steps: 0..<steps, columns: columns, into: place)
    case (.bfloat16, true):
      unsafe packTransposedPairs(source, stride: stride, depth: rows, steps: 0..<steps, columns: columns, into: place)
    }
  }
}
