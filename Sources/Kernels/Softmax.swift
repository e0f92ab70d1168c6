/// The logarithm of a sum of exponentials, `log Σ e^values[i]`, without overflow; -∞ of no values.
package func logSumExp(_ values: Vector) -> Float {
  Reference.logSumExp(values)
}

/// Turns logits into probabilities, in place: `target[i] = e^target[i] / Σ e^target[j]`.
package func softmax(_ target: Vector) {
  Reference.softmax(target)
}

/// Turns logits into log-probabilities, in place: `target[i] = target[i] - log Σ e^target[j]`.
package func logSoftmax(_ target: Vector) {
  Reference.logSoftmax(target)
}

/// The log-probability of each row's target; the logits stay as they are.
///
///     results[i] = logits[i, targets[i]] - log Σ_j e^logits[i, j]        (0 where targets[i] is negative)
///
/// - Precondition: `targets` and `results` have an element a row; targets are less than `logits.columns`.
package func logProbabilities(logits: Matrix, targets: Span<Int32>, into results: Vector, team: ThreadTeam) {
  checkTargets(targets, logits: logits, results: results)
  Reference.logProbabilities(logits: logits, targets: targets, into: results)
}

/// The cross-entropy of softmax with its gradient, in place.
///
///     losses[i] = log Σ_j e^logits[i, j] - logits[i, targets[i]]        in nats
///     logits[i, j] = (p[i, j] - [j = targets[i]]) · scale               with p = softmax of the row
///
/// A row whose target is negative counts for nothing: its loss is 0 and its gradient 0.
///
/// - Parameter scale: What every gradient is multiplied by; one over the number of targets gives that of the mean loss.
/// - Precondition: `targets` and `losses` have an element a row; targets are less than `logits.columns`.
package func softmaxCrossEntropy(
  logits: Matrix, targets: Span<Int32>, scale: Float, losses: Vector, team: ThreadTeam
) {
  checkTargets(targets, logits: logits, results: losses)
  Reference.softmaxCrossEntropy(logits: logits, targets: targets, scale: scale, losses: losses)
}

private func checkTargets(_ targets: Span<Int32>, logits: Matrix, results: Vector) {
  precondition(targets.count == logits.rows && results.count == logits.rows, "softmax: counts differ")
  for index in targets.indices {
    precondition(Int(targets[index]) < logits.columns, "softmax: target out of bounds")
  }
}
