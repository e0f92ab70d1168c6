import Foundation
import Kernels

@testable import Networks

/// The networks' definition once more, in double precision, number by number and without any backward pass: the oracle
/// of gradient checks. It shares no code with what it checks.
struct PlainNetwork {
  let shape: NetworkShape
  /// Every tensor by name, row after row.
  var weights: [String: [Double]]

  /// A small change of one hidden state as it leaves its time step, for derivatives with respect to it.
  struct Nudge {
    let layer: Int
    let step: Int
    let unit: Int
    let change: Double
  }

  init(_ snapshot: WeightsSnapshot) {
    shape = snapshot.shape
    weights = Dictionary(uniqueKeysWithValues: snapshot.tensors.map { ($0.name, $0.values.array.map(Double.init)) })
  }

  /// The cross-entropies of a sequence's targets, in nats; nothing where the target is negative.
  func losses(inputs: [TokenID], targets: [TokenID], nudge: Nudge? = nil) -> [Double] {
    var hidden = [[Double]](repeating: [Double](repeating: 0, count: shape.hiddenSize), count: shape.layerCount)
    var cells = hidden
    var losses: [Double] = []
    for (step, token) in inputs.enumerated() {
      let start = Int(token) * shape.embeddingSize
      var input = Array(tensor("encoder.weight")[start..<start + shape.embeddingSize])
      for layer in 0..<shape.layerCount {
        advance(&hidden[layer], &cells[layer], input: input, layer: layer)
        if let nudge, nudge.layer == layer, nudge.step == step { hidden[layer][nudge.unit] += nudge.change }
        input = hidden[layer]
      }
      if targets[step] >= 0 { losses.append(-logProbabilities(input)[Int(targets[step])]) }
    }
    return losses
  }

  /// The mean loss of a window.
  func loss(_ window: TrainingWindow) -> Double {
    let losses = (0..<window.batchSize).flatMap { column in
      let positions = stride(from: column, to: window.inputs.count, by: window.batchSize)
      let kept = positions.filter { window.inputs[$0] >= 0 }
      return self.losses(inputs: kept.map { window.inputs[$0] }, targets: kept.map { window.targets[$0] })
    }
    return losses.reduce(0, +) / Double(losses.count)
  }

  private func logProbabilities(_ hidden: [Double]) -> [Double] {
    var output = hidden
    if shape.hasProjection { output = affine("projection.weight", output, "projection.bias") }
    let logits = affine(shape.isTied ? "encoder.weight" : "decoder.weight", output, "decoder.bias")
    let logSum = log(logits.reduce(0) { $0 + exp($1) })
    return logits.map { $0 - logSum }
  }

  private func advance(_ hidden: inout [Double], _ cell: inout [Double], input: [Double], layer: Int) {
    let x = affine("rnn.weight_ih_l\(layer)", input, "rnn.bias_ih_l\(layer)")
    let u = affine("rnn.weight_hh_l\(layer)", hidden, "rnn.bias_hh_l\(layer)")
    let size = shape.hiddenSize
    func sigmoid(_ gate: Int, _ unit: Int) -> Double { 1 / (1 + exp(-x[gate * size + unit] - u[gate * size + unit])) }
    for unit in 0..<size {
      switch shape.cell {
      case .elmanTanh: hidden[unit] = tanh(x[unit] + u[unit])
      case .elmanReLU: hidden[unit] = max(0, x[unit] + u[unit])
      case .gru:
        let candidate = tanh(x[2 * size + unit] + sigmoid(0, unit) * u[2 * size + unit])
        hidden[unit] = (1 - sigmoid(1, unit)) * candidate + sigmoid(1, unit) * hidden[unit]
      case .lstm:
        let candidate = tanh(x[2 * size + unit] + u[2 * size + unit])
        cell[unit] = sigmoid(1, unit) * cell[unit] + sigmoid(0, unit) * candidate
        hidden[unit] = sigmoid(3, unit) * tanh(cell[unit])
      }
    }
  }

  private func affine(_ matrix: String, _ input: [Double], _ bias: String) -> [Double] {
    let numbers = tensor(matrix)
    return tensor(bias).enumerated().map { row, bias in
      var sum = bias
      for column in input.indices { sum += numbers[row * input.count + column] * input[column] }
      return sum
    }
  }

  private func tensor(_ name: String) -> [Double] { weights[name] ?? [] }
}
