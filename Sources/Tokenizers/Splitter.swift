/// A rule by which text falls into pieces, each of which is then looked up or merged.
enum Splitter: Equatable, Sendable {
  /// `wordPattern`: words and single symbols; white space is dropped.
  case word
  /// What stands between white space (`WhitespaceSplit`).
  case blanks
  /// `\w+|[^\w\s]+` (`Whitespace`): white space is dropped.
  case wordsAndPunctuation
  /// Each Unicode scalar on its own.
  case scalars
  /// GPT-2's pattern (`ByteLevel`): nothing is dropped.
  case gpt2
  /// No splitting: the text is one piece.
  case whole

  /// What the word tokenizer splits by, as a regular expression.
  static let wordPattern = #"[\p{L}\p{M}\p{N}_]+(?:['’\-][\p{L}\p{M}\p{N}_]+)*|[^\s\p{L}\p{M}\p{N}_]"#
  /// What the character tokenizer splits by.
  static let scalarPattern = #"[\s\S]"#
  /// What GPT-2 splits by.
  static let gpt2Pattern = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  /// Whether no piece ever holds white space.
  var dropsWhiteSpace: Bool {
    switch self {
    case .word, .blanks, .wordsAndPunctuation: true
    case .scalars, .gpt2, .whole: false
    }
  }

  /// The first piece of `text` that begins at or after `position` and before `end`; nil when none is left.
  ///
  /// The text is taken to end at `end`, and `position` to follow a piece or to begin the text.
  @inline(__always)
  func next(in text: Span<UInt8>, from position: Int, to end: Int) -> Range<Int>? {
    switch self {
    case .word: WordSplitting.next(in: text, from: position, to: end)
    case .blanks: BlankSplitting.next(in: text, from: position, to: end)
    case .wordsAndPunctuation: WordsAndPunctuation.next(in: text, from: position, to: end)
    case .scalars:
      position < end ? position..<position + UTF8Scalar(text, at: position, end: end).length : nil
    case .gpt2: GPT2Splitting.next(in: text, from: position, to: end)
    case .whole: position < end ? position..<end : nil
    }
  }
}
