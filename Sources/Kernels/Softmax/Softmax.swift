#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The logarithm of a sum of exponentials, `log Σ e^values[i]`, without overflow; -∞ of no values.
package func logSumExp(_ values: Vector) -> Double {
  withExtendedLifetime(values) { unsafe logSumExp(values.start, count: values.count) }
}

/// Turns logits into probabilities, in place: `target[i] = e^target[i] / Σ e^target[j]`.
package func softmax(_ target: Vector) {
  withExtendedLifetime(target) {
    let exponentials = unsafe exponentiate(target.start, count: target.count)
    scale(target, by: 1 / exponentials.sum)
  }
}

/// Turns logits into log-probabilities: `target[i] = logits[i] - log Σ e^logits[j]`. The two may be the same.
///
/// - Precondition: as many of both.
package func logSoftmax(_ logits: Vector, into target: Vector) {
  subtract(logSumExp(logits), from: logits, into: target)
}

/// Subtracts a number from many: `target[i] = source[i] - number`. The two may be the same.
///
/// - Precondition: as many of both.
package func subtract(_ number: Double, from source: Vector, into target: Vector) {
  precondition(source.count == target.count, "subtract: counts differ")
  let (high, low) = parts(of: number)
  withExtendedLifetime((source, target)) {
    forEachLanes(source.count) { index, width in
      let lanes = unsafe source.start.lanes(at: index, count: width)
      unsafe target.start.set((lanes - high) - low, at: index, count: width)
    }
  }
}

/// A number less another, to the bits that `subtract(_:from:into:)` gives.
package func difference(_ number: Float, _ subtrahend: Double) -> Float {
  let (high, low) = parts(of: subtrahend)
  return (number - high) - low
}

/// A number in two parts, so that its rest beyond single precision is not lost.
private func parts(of number: Double) -> (high: Float, low: Float) {
  (Float(number), Float(number - Double(Float(number))))
}

/// The log-probability of each row's target; the logits stay as they are.
///
///     results[i] = logits[i, targets[i]] - log Σ_j e^logits[i, j]        (0 where targets[i] is negative)
///
/// - Precondition: `targets` and `results` have an element a row; targets are less than `logits.columns`.
package func logProbabilities(logits: Matrix, targets: Span<Int32>, into results: Vector, team: ThreadTeam) {
  checkTargets(targets, logits: logits, results: results)
  unsafe targets.withUnsafeBufferPointer { targets in
    guard let first = targets.baseAddress else { return }
    let work = unsafe LogProbabilitiesWork(logits: logits, targets: first, results: results)
    team.run(work, count: logits.rows, grain: rowGrain(logits))
  }
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
  unsafe targets.withUnsafeBufferPointer { targets in
    guard let first = targets.baseAddress else { return }
    let work = unsafe CrossEntropyWork(logits: logits, targets: first, scale: scale, losses: losses)
    team.run(work, count: logits.rows, grain: rowGrain(logits))
  }
}

private func checkTargets(_ targets: Span<Int32>, logits: Matrix, results: Vector) {
  precondition(targets.count == logits.rows && results.count == logits.rows, "softmax: counts differ")
  for index in targets.indices {
    precondition(Int(targets[index]) < logits.columns, "softmax: target out of bounds")
  }
}

/// How many rows are worth a thread: some 8,000 exponentials.
private func rowGrain(_ logits: Matrix) -> Int {
  max(1, 8192 / max(1, logits.columns))
}

@safe
private struct LogProbabilitiesWork: TeamWork {
  let logits: Matrix
  let targets: UnsafePointer<Int32>
  let results: Vector

  init(logits: Matrix, targets: UnsafePointer<Int32>, results: Vector) {
    self.logits = logits
    unsafe self.targets = unsafe targets
    self.results = results
  }

  func run(_ rows: Range<Int>, scratch: Scratch) {
    for row in rows {
      let numbers = unsafe logits.start + row * logits.rowStride
      let target = unsafe Int(targets[row])
      unsafe results.start[row] =
        unsafe target < 0 ? 0 : Float(Double(numbers[target]) - logSumExp(numbers, count: logits.columns))
    }
  }
}

@safe
private struct CrossEntropyWork: TeamWork {
  let logits: Matrix
  let targets: UnsafePointer<Int32>
  let scale: Float
  let losses: Vector

  init(logits: Matrix, targets: UnsafePointer<Int32>, scale: Float, losses: Vector) {
    self.logits = logits
    unsafe self.targets = unsafe targets
    self.scale = scale
    self.losses = losses
  }

  func run(_ rows: Range<Int>, scratch: Scratch) {
    for row in rows {
      let numbers = logits.row(row)
      let target = unsafe Int(targets[row])
      guard target >= 0 else {
        unsafe losses.start[row] = 0
        numbers.fill(with: 0)
        continue
      }
      let targetLogit = unsafe Double(numbers.start[target])
      let exponentials = unsafe exponentiate(numbers.start, count: numbers.count)
      unsafe losses.start[row] = Float(exponentials.logarithmOfTotal - targetLogit)
      let factor = scale / exponentials.sum
      transform(numbers) { $0 * factor }
      unsafe numbers.start[target] -= scale
    }
  }
}

/// What is known of a row once its numbers have been replaced by `e^(number - greatest)`.
private struct Exponentials {
  /// The row's greatest number.
  let greatest: Float
  /// The sum of what the row now holds.
  let sum: Float

  var logarithmOfTotal: Double { Double(greatest) + log(Double(sum)) }
}

/// Replaces numbers by `e^(number - greatest)`, which none exceeds one.
@inline(__always)
private func exponentiate(_ start: UnsafeMutablePointer<Float>, count: Int) -> Exponentials {
  let greatest = unsafe maximum(start, count: count)
  var sum = Lanes.zero
  forEachLanes(count) { index, width in
    var power = unsafe exponential(start.lanes(at: index, count: width) - greatest)
    unsafe start.set(power, at: index, count: width)
    if width < laneCount { power.replace(with: 0, where: laneNumbers .>= Int32(truncatingIfNeeded: width)) }
    sum += power
  }
  return Exponentials(greatest: greatest, sum: sum.total)
}

/// `log Σ e^number`, leaving the numbers as they are.
@inline(__always)
private func logSumExp(_ start: UnsafePointer<Float>, count: Int) -> Double {
  let greatest = unsafe maximum(start, count: count)
  guard greatest.isFinite else { return Double(greatest) }
  var sum = Lanes.zero
  forEachLanes(count) { index, width in
    var power = unsafe exponential(start.lanes(at: index, count: width) - greatest)
    if width < laneCount { power.replace(with: 0, where: laneNumbers .>= Int32(truncatingIfNeeded: width)) }
    sum += power
  }
  return Double(greatest) + log(Double(sum.total))
}
