package import Kernels

/// The tensors of a network in one buffer: its weights, or a gradient or moment of theirs.
///
/// The views are made once; nothing is looked up by name in a training step.
final class Parameters {
  let layout: ParameterLayout
  let buffer: FloatBuffer
  let layers: [LayerParameters]
  /// `projection.weight` and `projection.bias`, where the shape has them.
  let projection: LinearParameters?
  /// `encoder.weight`, `[V, E]`.
  let encoder: Matrix
  /// `decoder.weight` (the encoder itself in a tied network), `[V, H or E]`, and `decoder.bias`.
  let decoder: LinearParameters

  /// Views `buffer` as the tensors of `layout`; a new zero-filled one when left out.
  ///
  /// - Precondition: the buffer has the layout's count.
  init(layout: ParameterLayout, buffer existing: FloatBuffer? = nil) {
    let buffer = existing ?? FloatBuffer(count: layout.count)
    precondition(buffer.count == layout.count, "Parameters: buffer does not fit the layout")
    func matrix(_ entry: ParameterEntry) -> Matrix {
      buffer.matrix(at: entry.offset, rows: entry.rows, columns: entry.columns)
    }
    func vector(_ entry: ParameterEntry) -> Vector { buffer.vector(at: entry.offset, count: entry.count) }
    self.layout = layout
    self.buffer = buffer
    let shape = layout.shape
    let entries = layout.entries
    layers = (0..<shape.layerCount).map { layer in
      LayerParameters(
        inputWeights: matrix(entries[4 * layer]), recurrentWeights: matrix(entries[4 * layer + 1]),
        inputBias: vector(entries[4 * layer + 2]), recurrentBias: vector(entries[4 * layer + 3]))
    }
    var next = 4 * shape.layerCount
    if shape.hasProjection {
      projection = LinearParameters(weights: matrix(entries[next]), bias: vector(entries[next + 1]))
      next += 2
    } else {
      projection = nil
    }
    encoder = matrix(entries[next])
    if !shape.isTied { next += 1 }
    decoder = LinearParameters(weights: matrix(entries[next]), bias: vector(entries[next + 1]))
  }

  /// The parts that are in use, in a fixed order.
  var usedParts: [Vector] { layout.usedRanges.map { buffer.vector(at: $0.lowerBound, count: $0.count) } }

  /// Copies every number in use from parameters of the same shape, whatever room each has for more.
  ///
  /// - Precondition: the shapes are equal but for the vocabularies, of which the smaller one's rows are copied.
  func copy(from source: Parameters) {
    for (target, origin) in zip(layout.usedRanges, source.layout.usedRanges) {
      let count = min(target.count, origin.count)
      buffer.vector(at: target.lowerBound, count: count)
        .copy(from: source.buffer.vector(at: origin.lowerBound, count: count))
    }
  }

  /// Whether a number in use is below zero.
  var hasNegative: Bool {
    usedParts.contains { part in
      part.withSpan { numbers in numbers.indices.contains { numbers[$0] < 0 } }
    }
  }

  /// Every tensor under its name, with `prefix` before it.
  func tensors(prefix: String = "") -> [NamedTensor] {
    layout.entries.map { entry in
      NamedTensor(
        name: prefix + entry.name, dimensions: entry.dimensions,
        values: buffer.vector(at: entry.offset, count: entry.count))
    }
  }
}

/// A recurrent layer's tensors; gates are stacked as rows in the cell's order.
struct LayerParameters {
  /// W, `[G·H, input]`.
  let inputWeights: Matrix
  /// U, `[G·H, H]`.
  let recurrentWeights: Matrix
  /// b, `[G·H]`.
  let inputBias: Vector
  /// c, `[G·H]`.
  let recurrentBias: Vector
}

/// A linear map `y = W x + b`.
struct LinearParameters {
  /// W, `[output, input]`.
  let weights: Matrix
  /// b, `[output]`.
  let bias: Vector
}

/// A tensor by the name under which files keep it.
package struct NamedTensor {
  package let name: String
  package let dimensions: [Int]
  /// The numbers, row after row: a view, so good until the next update.
  package let values: Vector
}
