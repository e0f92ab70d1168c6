/// A stretch of a mini-batch of sequences, as long as the gradient is sent back through time.
///
/// Tokens lie time step by time step: the input of sequence b at time step t is `inputs[t · batchSize + b]`. Sequences
/// that have ended, or are shorter than the others, are padded: where the input is `padding`, no time passes for that
/// sequence (its state stays as it is) and nothing is predicted. Where only the target is `padding`, the token is read
/// and what follows it is not predicted.
package struct TrainingWindow: Equatable, Sendable {
  package let batchSize: Int
  package let sequenceLength: Int
  package let inputs: [TokenID]
  package let targets: [TokenID]

  /// Stands where a sequence has no token.
  package static let padding: TokenID = -1

  /// Makes a window of tokens that lie time step by time step.
  ///
  /// - Precondition: both arrays have `batchSize * sequenceLength` elements, and no target stands beside padding.
  package init(batchSize: Int, sequenceLength: Int, inputs: [TokenID], targets: [TokenID]) {
    let (count, overflow) = batchSize.multipliedReportingOverflow(by: sequenceLength)
    precondition(batchSize >= 0 && sequenceLength >= 0 && !overflow, "TrainingWindow: bad sizes")
    precondition(inputs.count == count && targets.count == count, "TrainingWindow: counts differ")
    for (input, target) in zip(inputs, targets) {
      precondition(input >= 0 || target < 0, "TrainingWindow: a target without an input")
    }
    self.batchSize = batchSize
    self.sequenceLength = sequenceLength
    self.inputs = inputs
    self.targets = targets
  }

  /// Makes a window of sequences of any lengths, each predicted token by token from the one before it.
  ///
  /// - Parameter sequences: For each, the tokens read, and the tokens predicted: as many, the i-th after the i-th.
  package init(sequences: [(inputs: ArraySlice<TokenID>, targets: ArraySlice<TokenID>)]) {
    let length = sequences.map(\.inputs.count).max() ?? 0
    var inputs = [TokenID](repeating: Self.padding, count: length * sequences.count)
    var targets = inputs
    for (column, sequence) in sequences.enumerated() {
      precondition(sequence.inputs.count == sequence.targets.count, "TrainingWindow: counts differ")
      for (step, token) in sequence.inputs.enumerated() { inputs[step * sequences.count + column] = token }
      for (step, token) in sequence.targets.enumerated() { targets[step * sequences.count + column] = token }
    }
    self.init(batchSize: sequences.count, sequenceLength: length, inputs: inputs, targets: targets)
  }

  /// How many tokens are to be predicted.
  package var targetCount: Int { targets.reduce(0) { $1 < 0 ? $0 : $0 + 1 } }
}
