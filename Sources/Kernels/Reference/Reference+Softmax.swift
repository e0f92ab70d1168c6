#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Reference {
  /// `log Σ e^values[i]`; -∞ of none.
  package static func logSumExp(_ values: Vector) -> Float {
    Float(preciseLogSumExp(values))
  }

  private static func preciseLogSumExp(_ values: Vector) -> Double {
    let greatest = Double(maximum(values))
    guard greatest.isFinite else { return greatest }
    var sum = 0.0
    for index in 0..<values.count { sum += exp(Double(values[index]) - greatest) }
    return greatest + log(sum)
  }

  /// `target[i] = e^target[i] / Σ e^target[j]`.
  package static func softmax(_ target: Vector) {
    let total = preciseLogSumExp(target)
    for index in 0..<target.count { target[index] = Float(exp(Double(target[index]) - total)) }
  }

  /// `target[i] = target[i] - log Σ e^target[j]`.
  package static func logSoftmax(_ target: Vector) {
    let total = preciseLogSumExp(target)
    for index in 0..<target.count { target[index] = Float(Double(target[index]) - total) }
  }

  /// The plain form of `logProbabilities`.
  package static func logProbabilities(logits: Matrix, targets: Span<Int32>, into results: Vector) {
    for row in 0..<logits.rows {
      let target = Int(targets[row])
      results[row] = target < 0 ? 0 : Float(Double(logits[row, target]) - preciseLogSumExp(logits.row(row)))
    }
  }

  /// The plain form of `softmaxCrossEntropy`.
  package static func softmaxCrossEntropy(logits: Matrix, targets: Span<Int32>, scale: Float, losses: Vector) {
    for row in 0..<logits.rows {
      let numbers = logits.row(row)
      let target = Int(targets[row])
      guard target >= 0 else {
        losses[row] = 0
        numbers.fill(with: 0)
        continue
      }
      let total = preciseLogSumExp(numbers)
      losses[row] = Float(total - Double(numbers[target]))
      for column in 0..<numbers.count {
        let probability = exp(Double(numbers[column]) - total)
        numbers[column] = Float((probability - (column == target ? 1 : 0)) * Double(scale))
      }
    }
  }
}
