import Kernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What an update predicts among instead of the whole vocabulary: the words that it is to predict, and as many noise
/// words as are drawn by how often words occur.
///
/// The softmax over a sample estimates that over all words when from each logit is taken the logarithm of how many times
/// its word was to be expected in the sample. The words to predict count as draws by frequency like the noise.
///
/// Source: Bengio and Senécal 2008; Jean et al. 2015, "On using very large target vocabulary".
package struct SampledSoftmax: Equatable, Sendable {
  /// How many noise words an update draws; those drawn twice count once.
  package let noiseCount: Int
  /// Before each word, the share of all draws that fall on the words before it.
  private let cumulative: [Double]

  /// - Parameters:
  ///   - noiseCount: How many words an update draws, at least one.
  ///   - counts: How often each word of the vocabulary occurs; each is taken to occur once more, so that none is never
  ///     drawn.
  package init(noiseCount: Int, counts: [Int]) {
    precondition(noiseCount > 0 && !counts.isEmpty, "SampledSoftmax: nothing to draw")
    self.noiseCount = noiseCount
    let total = counts.reduce(0.0) { $0 + Double($1) + 1 }
    var (sum, cumulative) = (0.0, [Double]())
    cumulative.reserveCapacity(counts.count)
    for count in counts {
      cumulative.append(sum / total)
      sum += Double(count) + 1
    }
    self.cumulative = cumulative
  }

  /// The share of a word; of one that joined the vocabulary since, that of the last.
  private func share(of word: Int) -> Double {
    let index = min(word, cumulative.count - 1)
    return (index + 1 < cumulative.count ? cumulative[index + 1] : 1) - cumulative[index]
  }

  /// The logarithm of the chance that a word is among `drawCount` draws.
  func logExpectation(of word: Int, drawCount: Int) -> Float {
    Float(log(-expm1(Double(drawCount) * log1p(-min(share(of: word), 0.999_999)))))
  }

  /// Draws the noise words.
  func draw(key: UInt64, _ body: (Int) -> Void) {
    var random = SplitMix64(seed: key)
    for _ in 0..<noiseCount {
      let place = Double(random.next() >> 11) * 0x1p-53
      var (low, high) = (0, cumulative.count)
      while high - low > 1 {
        let middle = (low + high) / 2
        if cumulative[middle] <= place { low = middle } else { high = middle }
      }
      body(low)
    }
  }
}

/// A sample drawn for one update.
struct SoftmaxDraw {
  let softmax: SampledSoftmax
  /// What the choices come from.
  let key: UInt64
}

/// The output layer among a sample of words, whose rows are brought together first: everything is done on them alone.
final class SampledOutput {
  private let precision: ProductPrecision
  private var words: [TokenID] = []
  /// A word's place in `words`, if it is there; else -1.
  private var places: [TokenID] = []
  private var targets: [TokenID] = []
  /// The sample's rows of the decoder and their gradient, `[K, H or E]`.
  private var weights = ScratchMatrix()
  private var weightsGradient = ScratchMatrix()
  /// The sample's bias less the logarithms of the expectations, and its gradient; `[2, K]`.
  private var bias = ScratchMatrix()
  /// `[m, K]`.
  private var logits = ScratchMatrix()

  /// How many numbers a piece of the logits may have.
  private static let logitsLimit = 1 << 22

  init(precision: ProductPrecision) {
    self.precision = precision
  }

  /// Computes the losses among the sample, and sends them back.
  ///
  /// - Parameters:
  ///   - output: y at every position that predicts, `[n, H or E]`.
  ///   - losses: Receives one loss a position.
  ///   - gradient: Receives the decoder's gradient, zero for all other words.
  ///   - outputGradient: Receives ∂L/∂y.
  func sendBack(
    _ output: Matrix, targets allTargets: [TokenID], draw: SoftmaxDraw, decoder: LinearParameters,
    gradient: LinearParameters, losses: Vector, into outputGradient: Matrix, team: ThreadTeam
  ) {
    choose(allTargets, draw, vocabularySize: decoder.bias.count)
    gather(decoder, draw, drawCount: draw.softmax.noiseCount + allTargets.count)
    let targets = targets
    let size = max(1, min(output.rows, Self.logitsLimit / words.count))
    for start in stride(from: 0, to: output.rows, by: size) {
      let piece = start..<min(start + size, output.rows)
      logits.reshape(rows: piece.count, columns: words.count)
      multiply(
        output.rows(piece), weights.view, bias: bias.view.row(0), transposeB: true, precision: precision,
        into: logits.view, team: team)
      softmaxCrossEntropy(
        logits: logits.view, targets: targets.span.extracting(piece), scale: 1 / Float(output.rows),
        losses: losses[piece], team: team)
      multiply(logits.view, weights.view, precision: precision, into: outputGradient.rows(piece), team: team)
      multiply(
        logits.view, output.rows(piece), transposeA: true, accumulate: start > 0, precision: precision,
        into: weightsGradient.view, team: team)
      addColumnSums(of: logits.view, to: bias.view.row(1))
    }
    spread(to: gradient)
  }

  /// Lists the sample's words, those to predict first, and where each of those stands.
  private func choose(_ allTargets: [TokenID], _ draw: SoftmaxDraw, vocabularySize: Int) {
    for word in words where Int(word) < places.count { places[Int(word)] = -1 }
    words.removeAll(keepingCapacity: true)
    targets.removeAll(keepingCapacity: true)
    if places.count < vocabularySize {
      places.append(contentsOf: repeatElement(-1, count: vocabularySize - places.count))
    }
    for target in allTargets { targets.append(place(of: Int(target))) }
    draw.softmax.draw(key: draw.key) { word in
      if word < vocabularySize { _ = place(of: word) }
    }
  }

  private func place(of word: Int) -> TokenID {
    if places[word] < 0 {
      places[word] = TokenID(words.count)
      words.append(TokenID(word))
    }
    return places[word]
  }

  private func gather(_ decoder: LinearParameters, _ draw: SoftmaxDraw, drawCount: Int) {
    weights.reshape(rows: words.count, columns: decoder.weights.columns)
    weightsGradient.reshape(rows: words.count, columns: decoder.weights.columns)
    bias.reshape(rows: 2, columns: words.count)
    let words = words
    gatherRows(of: decoder.weights, at: words.span, into: weights.view)
    for (place, word) in words.enumerated() {
      let expectation = draw.softmax.logExpectation(of: Int(word), drawCount: drawCount)
      bias.view[0, place] = decoder.bias[Int(word)] - expectation
    }
    bias.view.row(1).fill(with: 0)
  }

  private func spread(to gradient: LinearParameters) {
    gradient.weights.fill(with: 0)
    gradient.bias.fill(with: 0)
    let words = words
    scatterAddRows(weightsGradient.view, at: words.span, to: gradient.weights)
    for (place, word) in words.enumerated() { gradient.bias[Int(word)] = bias.view[1, place] }
  }
}
