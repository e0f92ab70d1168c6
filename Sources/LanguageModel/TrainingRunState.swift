import JSON
import Networks
import Tokenizers

/// Where a training run stands: what a checkpoint keeps of it, so that going on elsewhere equals not stopping, bit for
/// bit.
///
/// It holds the texts as the tokens that they were when the run began, so that files which change meanwhile don't matter.
package struct TrainingRunState: Equatable, Sendable {
  let epochs: Int
  let batchSize: Int
  let bptt: Int
  /// The learning rate of the first update.
  let peakRate: Double
  /// How many noise words an update draws; nil with the whole softmax.
  var sampledSoftmax: Int?
  /// The corpus, beginning with `<eos>`.
  let tokens: [TokenID]
  let validation: [TokenID]
  let validationByteCount: Int
  /// In which the streams stand.
  var hiddenStates: BatchState
  /// How many updates were done.
  package internal(set) var update = 0
  var learnedTokenCount = 0
  var epochLoss = LossMean()
  var recentLosses: [Double] = []
  /// Spent on updates.
  var nanoseconds: UInt64 = 0
}

/// A mean of losses, each weighing as much as the tokens that it stands for.
struct LossMean: Equatable {
  var sum = 0.0
  var count = 0

  mutating func add(_ loss: Double, count: Int) {
    sum += loss * Double(count)
    self.count += count
  }

  var mean: Double { count > 0 ? sum / Double(count) : 0 }
}

// MARK: - Keeping

extension TrainingRunState {
  /// All but tokens and hidden states.
  var json: JSONValue {
    var object: JSONObject = [
      "epochs": JSONValue(epochs), "batchSize": JSONValue(batchSize), "bptt": JSONValue(bptt),
      "peakRate": JSONValue(finite: peakRate), "validationBytes": JSONValue(validationByteCount),
      "update": JSONValue(update), "learnedTokens": JSONValue(learnedTokenCount),
      "lossSum": JSONValue(finite: epochLoss.sum), "lossCount": JSONValue(epochLoss.count),
      "recentLosses": .array(recentLosses.map { JSONValue(finite: $0) }), "nanoseconds": JSONValue(nanoseconds),
      "tokens": JSONValue(tokens.count), "validation": JSONValue(validation.count),
      "streams": JSONValue(hiddenStates.sequences.count),
    ]
    object["sampledSoftmax"] = sampledSoftmax.map { JSONValue($0) }
    return .object(object)
  }

  /// The corpus, then the texts to validate with, four bytes a token.
  var tokenBytes: [UInt8] {
    var writer = RecordWriter()
    for token in tokens + validation { writer.append(UInt32(bitPattern: token)) }
    return writer.bytes
  }

  /// Every stream's state, four bytes a number.
  var hiddenStateBytes: [UInt8] {
    var writer = RecordWriter()
    for state in hiddenStates.sequences { writer.append(state.values) }
    return writer.bytes
  }

  /// Reads what was kept; nil when the parts don't fit together or don't fit the network.
  init?(json: JSONValue, tokenBytes: [UInt8], hiddenStateBytes: [UInt8], shape: NetworkShape) {
    func int(_ name: String, _ bounds: ClosedRange<Int> = 0...Int.max) -> Int? {
      json[name]?.int.flatMap { bounds.contains($0) ? $0 : nil }
    }
    var (tokenReader, stateReader) = (RecordReader(tokenBytes), RecordReader(hiddenStateBytes))
    guard let epochs = int("epochs", TrainingSettings.epochCounts),
      let batchSize = int("batchSize", TrainingSettings.batchSizes),
      let bptt = int("bptt", ModelConfiguration.bpttLengths), let peakRate = json["peakRate"]?.double,
      let validationByteCount = int("validationBytes"), let update = int("update"),
      let learnedTokenCount = int("learnedTokens"), let lossSum = json["lossSum"]?.double,
      let lossCount = int("lossCount"), let nanoseconds = json["nanoseconds"]?.number.flatMap({ UInt64($0.literal) }),
      let tokens = Self.tokens(int("tokens", 2...Int.max), &tokenReader, shape),
      let validation = Self.tokens(int("validation"), &tokenReader, shape), tokenReader.isAtEnd
    else { return nil }
    let noiseCount = int("sampledSoftmax", TrainingSettings.noiseCounts)
    guard noiseCount != nil || json["sampledSoftmax"] == nil else { return nil }
    let corpus = ModelCorpus(tokens, batchSize: batchSize, bptt: bptt)
    var states = BatchState(zeroFor: shape, batchSize: corpus.streamCount)
    for index in states.sequences.indices {
      guard let values = stateReader.floats(states.sequences[index].values.count) else { return nil }
      states.sequences[index] = HiddenState(values)
    }
    guard stateReader.isAtEnd, update <= epochs * corpus.windowCount(bptt: bptt) else { return nil }
    self.init(
      epochs: epochs, batchSize: batchSize, bptt: bptt, peakRate: peakRate, sampledSoftmax: noiseCount, tokens: tokens,
      validation: validation, validationByteCount: validationByteCount, hiddenStates: states)
    self.update = update
    self.learnedTokenCount = learnedTokenCount
    epochLoss = LossMean(sum: lossSum, count: lossCount)
    recentLosses = json["recentLosses"]?.array?.compactMap(\.double) ?? []
    self.nanoseconds = nanoseconds
  }

  private static func tokens(_ count: Int?, _ reader: inout RecordReader, _ shape: NetworkShape) -> [TokenID]? {
    guard let count, let words = reader.words(count) else { return nil }
    var tokens: [TokenID] = []
    tokens.reserveCapacity(count)
    for word in words {
      guard word < UInt32(clamping: shape.vocabularySize) else { return nil }
      tokens.append(TokenID(bitPattern: word))
    }
    return tokens
  }
}
