package import Kernels

/// A network's weights in the form in which they predict fastest, made of a snapshot.
///
/// The recurrent weights are in half precision. In bfloat16, with its 8 significant bits, the order of the five most
/// probable words changes in one position of fifty; with 11 bits in one of a thousand. The output layer is in bytes: it
/// only has to find the words whose probabilities are then worked out with the weights themselves (`Predictor`).
///
/// Sendable by proof: `pack` is called by `WeightsCompactor` alone, while nobody else holds the object.
final class CompactWeights: @unchecked Sendable {
  let layers: [CompactLayer]
  let projection: HalfMatrix?
  /// Nil where it is so small that nothing is gained, or too large: then the weights themselves are used.
  let decoder: ByteMatrix?
  private let capacity: Int

  /// An output layer of up to this many numbers lies in the caches in any form.
  static let smallDecoder = 1 << 16

  init(layout: ParameterLayout) {
    let shape = layout.shape
    layers = (0..<shape.layerCount).map { layer in
      CompactLayer(
        input: HalfMatrix(rows: shape.gateRowCount, columns: shape.inputSize(ofLayer: layer)),
        recurrent: HalfMatrix(rows: shape.gateRowCount, columns: shape.hiddenSize))
    }
    projection = shape.hasProjection ? HalfMatrix(rows: shape.embeddingSize, columns: shape.hiddenSize) : nil
    capacity = layout.vocabularyCapacity
    decoder =
      Self.hasByteDecoder(shape) ? ByteMatrix(rowCapacity: capacity, columns: shape.outputSize) : nil
  }

  /// Whether it has room for just these weights of the same network.
  func fits(_ layout: ParameterLayout) -> Bool {
    capacity == layout.vocabularyCapacity && (decoder != nil) == Self.hasByteDecoder(layout.shape)
  }

  private static func hasByteDecoder(_ shape: NetworkShape) -> Bool {
    shape.outputSize <= ByteMatrix.columnLimit && shape.vocabularySize * shape.outputSize > smallDecoder
  }

  func pack(_ weights: Parameters, team: ThreadTeam) {
    for (compact, layer) in zip(layers, weights.layers) {
      compact.input.pack(layer.inputWeights, team: team)
      compact.recurrent.pack(layer.recurrentWeights, team: team)
    }
    if let linear = weights.projection { projection?.pack(linear.weights, team: team) }
    decoder?.pack(weights.decoder.weights, team: team)
  }

  var byteCount: Int {
    layers.reduce((projection?.byteCount ?? 0) + (decoder?.byteCount ?? 0)) {
      $0 + $1.input.byteCount + $1.recurrent.byteCount
    }
  }
}

/// A recurrent layer's W, `[G·H, input]`, and U, `[G·H, H]`.
struct CompactLayer {
  let input: HalfMatrix
  let recurrent: HalfMatrix
}

/// Weights for predicting: a snapshot, and its compact form.
package struct ServedWeights: Sendable {
  package let snapshot: WeightsSnapshot
  let compact: CompactWeights

  package var shape: NetworkShape { snapshot.shape }
  /// How much memory the compact form takes.
  package var compactByteCount: Int { compact.byteCount }
}

/// Makes snapshots ready for predicting, one after the other, of one network: two pieces of memory take turns.
package struct WeightsCompactor {
  private var latest: CompactWeights?
  /// Memory of an earlier turn, to be written once no reader holds it.
  private var previous: CompactWeights?

  package init() {}

  /// - Complexity: reads every weight but the embedding's.
  package mutating func compact(_ snapshot: WeightsSnapshot, team: ThreadTeam) -> ServedWeights {
    let layout = snapshot.parameters.layout
    let weights = takePrevious(fitting: layout) ?? CompactWeights(layout: layout)
    weights.pack(snapshot.parameters, team: team)
    previous = latest
    latest = weights
    return ServedWeights(snapshot: snapshot, compact: weights)
  }

  /// Gives back memory that only makes the next turn quicker.
  package mutating func releaseSpare() { previous = nil }

  private mutating func takePrevious(fitting layout: ParameterLayout) -> CompactWeights? {
    guard var weights = previous.take(), weights.fits(layout), isKnownUniquelyReferenced(&weights) else { return nil }
    return weights
  }
}
