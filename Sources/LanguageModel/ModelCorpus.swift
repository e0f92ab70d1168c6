import Networks
import Tokenizers

/// Text to learn from as parallel streams of tokens.
///
/// All texts make one sequence that begins with `<eos>`; where a text doesn't end with one, it is put between that text
/// and the next. The sequence is cut into as many stretches as are learned from side by side, and each is read from
/// its beginning to its end with its hidden state carried along.
struct ModelCorpus {
  private let tokens: [TokenID]
  /// How many streams there are.
  let streamCount: Int
  /// How many tokens each stream predicts; the last may have fewer.
  let streamLength: Int

  /// Cuts tokens into streams.
  ///
  /// - Parameters:
  ///   - tokens: beginning with `<eos>`, at least two.
  ///   - batchSize: how many streams there are at most; fewer where they would not fill a window.
  ///   - bptt: how many tokens a window has.
  init(_ tokens: [TokenID], batchSize: Int, bptt: Int) {
    self.tokens = tokens
    let batchSize = min(batchSize, max(1, (tokens.count - 1) / bptt))
    streamLength = (tokens.count - 1 + batchSize - 1) / batchSize
    streamCount = (tokens.count - 1 + streamLength - 1) / streamLength
  }

  /// How many tokens are predicted in one epoch.
  var targetCount: Int { tokens.count - 1 }

  /// How often each token occurs, up to the greatest that does.
  var counts: [Int] {
    var counts = [Int](repeating: 0, count: 1 + Int(tokens.max() ?? 0))
    for token in tokens { counts[Int(token)] += 1 }
    return counts
  }

  /// How many windows an epoch has.
  func windowCount(bptt: Int) -> Int { (streamLength + bptt - 1) / bptt }

  /// The `index`-th window of every stream.
  func window(_ index: Int, bptt: Int) -> TrainingWindow {
    TrainingWindow(
      sequences: (0..<streamCount).map { stream in
        let streamEnd = min((stream + 1) * streamLength, tokens.count - 1)
        let start = min(stream * streamLength + index * bptt, streamEnd)
        let end = min(start + bptt, streamEnd)
        return (tokens[start..<end], tokens[start + 1..<end + 1])
      })
  }

  /// The tokens of texts, one after the other.
  static func join(_ texts: [[TokenID]], endOfSequence: TokenID) -> [TokenID] {
    var tokens = [endOfSequence]
    for text in texts where !text.isEmpty {
      if tokens.last != endOfSequence { tokens.append(endOfSequence) }
      tokens.append(contentsOf: text)
    }
    return tokens
  }

  /// Refuses what is not UTF-8.
  static func check(_ text: [UInt8], source: Int) throws(LanguageModelError) {
    guard let fault = firstFault(text) else { return }
    throw .notText(source: source, offset: fault)
  }

  /// Where the bytes stop being UTF-8; nil where they don't.
  private static func firstFault(_ text: [UInt8]) -> Int? {
    do {
      _ = try UTF8Span(validating: text.span)
      return nil
    } catch {
      return error.byteOffsets.lowerBound
    }
  }
}
