import Networks
import Tokenizers

/// Text that a model went on with.
package struct Generation: Equatable, Sendable {
  package enum Finish: String, Sendable {
    /// A stop string came, or the end of the sequence.
    case stop
    /// As many tokens as were allowed.
    case length
  }

  /// What follows the text asked about, beginning with a blank where one belongs between them.
  package let text: String
  package let finish: Finish
  package let tokenCount: Int
}

/// Goes on with a text, token by token.
///
/// `<unk>` is never drawn. Where line ends are tokens, `<eos>` is a line feed; else it ends the text.
package struct GenerationTask: ReadingTask {
  private let snapshot: ModelSnapshot
  private let tokenLimit: Int
  private let stops: [[UInt8]]
  /// Whether `<eos>` is a line feed.
  private let endsLines: Bool
  private var context: ContextReading
  private var sampler: TokenSampler
  private var state: HiddenState?
  private var text: GeneratedText
  package private(set) var tokenCount = 0

  package static let tokenLimits = 1...100_000
  package static let stopCountLimit = 16
  package static let stopByteLimit = 256

  /// - Parameters:
  ///   - stop: strings that end the text before them.
  /// - Throws: `tokenOutOfRange`, or `invalidSetting` for a setting out of range.
  package init(
    after input: ModelInput, maxTokens: Int = 64, sampling: SamplingSettings = SamplingSettings(),
    stop: [String] = [], in snapshot: ModelSnapshot
  ) throws(LanguageModelError) {
    try ModelConfiguration.check(maxTokens, in: Self.tokenLimits, name: "maxTokens")
    try sampling.check()
    guard stop.count <= Self.stopCountLimit else {
      throw .limitExceeded(what: "stop strings", found: stop.count, limit: Self.stopCountLimit)
    }
    for text in stop where text.isEmpty || text.utf8.count > Self.stopByteLimit {
      throw .invalidSetting(
        name: "stop", found: "a string of \(text.utf8.count) bytes", expected: "1 to \(Self.stopByteLimit)")
    }
    let tokens = try snapshot.tokenizer.tokens(of: input)
    self.snapshot = snapshot
    tokenLimit = maxTokens
    stops = stop.map { Array($0.utf8) }
    endsLines = snapshot.tokenizer.decode([snapshot.tokenizer.endOfSequence]) == [UInt8(ascii: "\n")]
    context = ContextReading(.tokens(tokens))
    sampler = TokenSampler(sampling)
    var endsInBlank = true
    if case .text(let text) = input { endsInBlank = text.unicodeScalars.last?.properties.isWhitespace ?? true }
    text = GeneratedText(after: tokens, tokenizer: snapshot.tokenizer, endsInBlank: endsInBlank)
  }

  /// The text so far that nothing to come will change.
  package var settledText: String {
    let held = stops.map { text.bytes.longestSuffix(beginning: $0) }.max() ?? 0
    return String(decoding: text.bytes.prefix(text.wholeCharacterCount(upTo: text.bytes.count - held)), as: UTF8.self)
  }

  package mutating func advance(
    by stepBudget: Int, with reader: ModelReader
  ) throws(LanguageModelError) -> Generation? {
    var budget = max(1, stepBudget)
    if state == nil { state = context.advance(by: &budget, with: reader, in: snapshot) }
    while var state, budget > 0 {
      let tokenizer = snapshot.tokenizer
      let drawn = sampler.draw(from: reader.distribution(after: state, in: snapshot).logProbabilities) { token in
        token == tokenizer.endOfSequence || !tokenizer.isSpecial(token)
      }
      guard let token = drawn, token != tokenizer.endOfSequence || endsLines else {
        return generation(.stop)
      }
      tokenCount += 1
      let end = text.bytes.count
      text.append(token)
      for stop in stops {
        if let found = text.bytes.firstIndex(of: stop, from: end - stop.count + 1) { text.cut(at: found) }
      }
      if text.isCut { return generation(.stop) }
      if tokenCount == tokenLimit { return generation(.length) }
      reader.predictor.advance(&state, by: token, with: snapshot.served)
      self.state = state
      budget -= 2
    }
    return nil
  }

  private func generation(_ finish: Generation.Finish) -> Generation {
    Generation(text: String(decoding: text.bytes, as: UTF8.self), finish: finish, tokenCount: tokenCount)
  }
}

/// Generated tokens as text, added to piece by piece.
struct GeneratedText {
  private let tokenizer: Tokenizer
  /// The last few tokens, which say how the next one joins them.
  private var tail: [TokenID]
  private var isAtStart = true
  private let endsInBlank: Bool
  private(set) var bytes: [UInt8] = []
  private(set) var isCut = false

  private static let tailCount = 32

  init(after tokens: [TokenID], tokenizer: Tokenizer, endsInBlank: Bool) {
    self.tokenizer = tokenizer
    self.endsInBlank = endsInBlank
    tail = tokens.suffix(Self.tailCount)
  }

  mutating func append(_ token: TokenID) {
    let before = tokenizer.decode(tail)
    tail.append(token)
    var piece = tokenizer.decode(tail)[...]
    piece = piece.dropFirst(piece.starts(with: before) ? before.count : 0)
    // Where blanks are not in the tokens, the text asked about may already have the one that joins them.
    if isAtStart, endsInBlank, tokenizer.kind.isWordLike, piece.first == UInt8(ascii: " ") { piece = piece.dropFirst() }
    isAtStart = false
    bytes.append(contentsOf: piece)
    if tail.count > 2 * Self.tailCount { tail.removeFirst(Self.tailCount) }
  }

  mutating func cut(at count: Int) {
    bytes.removeSubrange(min(count, bytes.count)...)
    isCut = true
  }

  /// The greatest count of bytes up to `limit` that doesn't end within a character.
  func wholeCharacterCount(upTo limit: Int) -> Int {
    var start = limit
    while start > 0, limit - start < 4 {
      start -= 1
      if bytes[start] & 0xC0 == 0x80 { continue }
      return ScalarReading(Array(bytes[start..<limit]), at: 0) == .incomplete ? start : limit
    }
    return limit
  }
}

extension [UInt8] {
  /// Where another byte string stands first, from a position on.
  func firstIndex(of other: [UInt8], from start: Int) -> Int? {
    guard other.count <= count else { return nil }
    return (Swift.max(0, start)...Swift.max(0, start, count - other.count)).first {
      self[Swift.min($0, count)...].starts(with: other)
    }
  }

  /// How many bytes at the end are the beginning of another byte string.
  func longestSuffix(beginning other: [UInt8]) -> Int {
    (0...Swift.min(count, other.count)).last { suffix($0).elementsEqual(other.prefix($0)) } ?? 0
  }
}
