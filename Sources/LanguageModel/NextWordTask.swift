import Networks
import Tokenizers

/// Words that may come next.
package struct NextWordAnswer: Equatable, Sendable {
  package struct Word: Equatable, Sendable {
    /// The whole word.
    package let word: String
    /// What of it is still to be typed.
    package let completion: String
    /// P(word | text, prefix).
    package let probability: Double
  }

  /// Most probable first.
  package let words: [Word]
  /// What the words begin with.
  package let prefix: String
}

/// Asks which words may come next.
///
/// Without a prefix given, the beginning of a word that the text ends in is the prefix. But where tokens are words, a
/// known word with which no other begins counts as finished, and what follows it is offered. A prefix given comes after
/// all of the text, unless it repeats that beginning.
package struct NextWordTask: ReadingTask, Sendable {
  private enum Method {
    /// Tokens are words: one look at the distribution tells.
    case choice
    /// Tokens are pieces of words.
    case search(NextWordSearch)
  }

  private let snapshot: ModelSnapshot
  private let limit: Int
  private let prefix: [UInt8]
  private var context: ContextReading
  private var method: Method

  package static let limits = 1...100
  package static let prefixByteLimit = 256

  /// - Parameters:
  ///   - prefix: what the word begins with; nil to read it off the text's end.
  ///   - limit: how many words to offer.
  /// - Throws: `tokenOutOfRange`, or `invalidSetting` for `limit` or `prefix`.
  package init(
    after input: ModelInput, prefix: String? = nil, limit: Int = 5, in snapshot: ModelSnapshot
  ) throws(LanguageModelError) {
    try ModelConfiguration.check(limit, in: Self.limits, name: "limit")
    if let prefix, prefix.utf8.count > Self.prefixByteLimit {
      throw .invalidSetting(
        name: "prefix", found: "\(prefix.utf8.count) bytes", expected: "at most \(Self.prefixByteLimit)")
    }
    self.snapshot = snapshot
    self.limit = limit
    let question = try NextWordQuestion(input, prefix: prefix, tokenizer: snapshot.tokenizer)
    self.prefix = question.pattern.prefix
    context = ContextReading(question.context)
    method = snapshot.pieces.map { .search(NextWordSearch(question.pattern, pieces: $0, limit: limit)) } ?? .choice
  }

  /// Begins if no more of the text is new to all who share the reader's memory than so many bytes, and tokens: then it
  /// takes about as long as a text of that length.
  ///
  /// - Returns: whether it has begun.
  package mutating func resume(newLimit: Int, with reader: ModelReader) -> Bool {
    context.resume(newLimit: newLimit, with: reader, in: snapshot)
  }

  package mutating func advance(
    by stepBudget: Int, with reader: ModelReader
  ) throws(LanguageModelError) -> NextWordAnswer? {
    var budget = max(1, stepBudget)
    guard let state = context.advance(by: &budget, with: reader, in: snapshot) else { return nil }
    switch method {
    case .choice:
      return answer(choose(from: reader.distribution(after: state, in: snapshot)))
    case .search(var search):
      let words = search.advance(by: &budget, from: state, with: reader, in: snapshot)
      method = .search(search)
      return words.map(answer)
    }
  }

  /// How many tokens of a text are read together with others'; what is left, each reads alone.
  private static let togetherLimit = 8

  /// Works ahead on questions about one snapshot, so that they share each pass over the weights. What they answer then
  /// is the same, to the bit, and takes less time.
  ///
  /// - Precondition: at most `batchLimit` questions, all about one snapshot.
  package static func workAhead(_ tasks: inout [NextWordTask], with reader: ModelReader) {
    guard let snapshot = tasks.first?.snapshot else { return }
    precondition(tasks.allSatisfy { $0.snapshot.generation == snapshot.generation }, "NextWordTask: many snapshots")
    var contexts = tasks.map(\.context)
    var ends: [HiddenState?] = []
    for _ in 0...togetherLimit {
      ends = ContextReading.advanceTogether(&contexts, with: reader, in: snapshot)
      if ends.allSatisfy({ $0 != nil }) { break }
    }
    for (index, context) in contexts.enumerated() { tasks[index].context = context }
    reader.predictAhead(ends.compactMap { $0 }, in: snapshot)
  }

  /// How many questions may work ahead together.
  package static let batchLimit = Predictor.batchLimit

  /// What its model is at the moment that it asks about; the same for questions that may work ahead together.
  package var generation: UInt64 { snapshot.generation }

  /// The most probable tokens among those that begin with the prefix.
  private func choose(from distribution: Distribution) -> [(word: [UInt8], probability: Double)] {
    let tokenizer = snapshot.tokenizer
    let choices: [Distribution.Choice]
    var total = 0.0
    if prefix.isEmpty {
      let more = distribution.best(limit + tokenizer.specialCount, with: snapshot.served)
      choices = Array(more.lazy.filter { !tokenizer.isSpecial($0.id) }.prefix(limit))
    } else {
      let found = distribution.best(limit, among: tokenizer.ids(withPrefix: prefix), with: snapshot.served)
      choices = found.choices
      total = Double(found.logTotal)
    }
    return choices.map { (tokenizer.bytes(of: $0.id), (Double($0.logProbability) - total).exponential) }
  }

  private func answer(_ words: [(word: [UInt8], probability: Double)]) -> NextWordAnswer {
    var known: [NextWordAnswer.Word] = []
    known.reserveCapacity(words.count)
    for (bytes, probability) in words {
      guard let word = Self.text(bytes.span),
        let completion = Self.text(bytes.span.extracting(droppingFirst: prefix.count))
      else { continue }
      known.append(NextWordAnswer.Word(word: word, completion: completion, probability: min(1, probability)))
    }
    return NextWordAnswer(words: known, prefix: String(decoding: prefix, as: UTF8.self))
  }

  /// Bytes as text; nil where they are none.
  private static func text(_ bytes: Span<UInt8>) -> String? {
    do { return String(copying: try UTF8Span(validating: bytes)) } catch { return nil }
  }
}

/// A question for the next word, taken apart: what is certain, and what must follow it.
struct NextWordQuestion {
  let context: ReadingContext
  let pattern: WordPattern

  /// - Parameter given: the prefix that was given. If it is the very beginning of a word that the text ends in, it is that
  ///   one; any other follows the text.
  init(_ input: ModelInput, prefix given: String?, tokenizer: Tokenizer) throws(LanguageModelError) {
    var given = given.map { Array($0.utf8) }
    guard case .text(let text) = input else {
      context = .tokens(try tokenizer.tokens(of: input))
      // Ids may end anywhere, also within a word: what follows them is taken as a new one.
      pattern = WordPattern(blanks: .optional, prefix: given ?? [])
      return
    }
    let bytes = text.utf8.span
    let trailing = tokenizer.splitTrailingWord(bytes)
    let fragment = Array(text.utf8.suffix(trailing.prefix.count))
    let namesFragment = given == fragment && !fragment.isEmpty
    if namesFragment { given = nil }
    if tokenizer.kind.isWordLike {
      let word = given ?? (namesFragment ? fragment : Self.unfinishedWord(fragment, tokenizer: tokenizer))
      let isGoneOnWith = given == nil && !word.isEmpty
      context = .text(text, byteCount: isGoneOnWith ? trailing.prefix.lowerBound : bytes.count)
      pattern = WordPattern(prefix: word)
    } else if let given, !fragment.isEmpty {
      context = .text(text, byteCount: bytes.count)
      pattern = WordPattern(blanks: .atLeastOne, prefix: given)
    } else {
      let isSetOff = !fragment.isEmpty || text.utf8.last == UInt8(ascii: " ")
      pattern = WordPattern(
        lead: Array(text.utf8.dropLast(fragment.count).dropFirst(trailing.context.upperBound)),
        blanks: isSetOff ? .none : .optional, prefix: given ?? fragment)
      context = .text(text, byteCount: trailing.context.upperBound)
    }
  }

  /// The word that a text ends in, unless it is finished: known, and no other known word begins with it.
  private static func unfinishedWord(_ word: [UInt8], tokenizer: Tokenizer) -> [UInt8] {
    guard let known = tokenizer.id(of: word), !tokenizer.hasOthers(than: known, withPrefix: word) else { return word }
    return []
  }
}
