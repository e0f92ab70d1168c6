/// What a scalar means for where a word ends, as the `word` tokenizer sees it.
enum ScalarRole: Equatable {
  /// A letter, mark, digit or `_`.
  case word
  /// `'`, `’` or `-`: part of a word between two of its scalars.
  case joiner
  case blank
  /// Punctuation and all else: a word of its own.
  case mark

  init(_ scalar: Unicode.Scalar) {
    switch scalar {
    case "'", "’", "-": self = .joiner
    case "_": self = .word
    default:
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
        .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber:
        self = .word
      default: self = scalar.properties.isWhitespace ? .blank : .mark
      }
    }
  }
}

/// The scalar that begins at some byte of a piece of text that may be cut anywhere.
enum ScalarReading: Equatable {
  case scalar(Unicode.Scalar, byteCount: Int)
  /// The bytes up to the end may be the beginning of a scalar.
  case incomplete
  case invalid

  init(_ bytes: [UInt8], at position: Int) {
    var decoder = UTF8()
    var iterator = bytes[position...].makeIterator()
    switch decoder.decode(&iterator) {
    case .scalarValue(let scalar): self = .scalar(scalar, byteCount: UTF8.width(scalar))
    case .emptyInput: self = .incomplete
    case .error: self = Self.mayGoOn(bytes[position...]) ? .incomplete : .invalid
    }
  }

  /// Whether these bytes, which are no scalar, are the beginning of one.
  private static func mayGoOn(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard let first = bytes.first, (0xC2...0xF4).contains(first) else { return false }
    let wanted = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
    guard bytes.count < wanted else { return false }
    if bytes.count > 1 {
      let second = bytes[bytes.startIndex + 1]
      let lowest: UInt8 = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80
      let highest: UInt8 = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF
      guard (lowest...highest).contains(second) else { return false }
    }
    return bytes.dropFirst(2).allSatisfy { $0 & 0xC0 == 0x80 }
  }
}

/// What must follow a text so that it is a word, maybe one whose beginning is known.
struct WordPattern: Equatable {
  enum Blanks { case none, optional, atLeastOne }

  /// What comes first in any case: the blank that a text ended with, where tokens take it along.
  var lead: [UInt8] = []
  /// Whether white space may, or must, come between `lead` and the word.
  var blanks = Blanks.none
  /// The word's beginning, taken as it is.
  var prefix: [UInt8] = []

  /// Whether something must match before the word is free.
  var demandsNothing: Bool { lead.isEmpty && blanks != .atLeastOne && prefix.isEmpty }

  /// The only byte that may stand at a position, if that is certain.
  func demandedByte(at position: Int) -> UInt8? {
    if position < lead.count { return lead[position] }
    let inPrefix = position - lead.count
    return blanks == .none && inPrefix < prefix.count ? prefix[inPrefix] : nil
  }

  /// How some bytes that follow the text stand to the pattern.
  struct Match: Equatable {
    enum Progress: Equatable {
      /// No word comes of it.
      case none
      /// What follows decides.
      case open
      /// The word is over.
      case ended
    }

    var progress = Progress.none
    /// Whether all that must match has matched.
    var isCovered = false
    /// The word so far: a whole number of scalars, without a joiner at the end.
    var word = 0..<0
    /// Whether a joiner stands at the end: what follows decides whether it belongs to the word.
    var endsInJoiner = false
    /// Whether the bytes end within a scalar.
    var endsInScalar = false
  }

  func match(_ bytes: [UInt8]) -> Match {
    var match = Match()
    guard Self.agree(bytes[...], lead) else { return match }
    guard bytes.count >= lead.count else {
      match.progress = .open
      return match
    }
    var position = lead.count
    if blanks != .none { position = Self.skipBlanks(bytes, from: position) }
    let hasBlanks = blanks != .atLeastOne || position > lead.count
    guard Self.agree(bytes[position...], prefix), hasBlanks || position == bytes.count else { return match }
    match.isCovered = hasBlanks && bytes.count - position >= prefix.count
    match.progress = .open
    guard match.isCovered else { return match }
    let start = position
    position += prefix.count
    match.word = start..<position
    readWord(bytes, from: position, into: &match)
    return match
  }

  /// Reads on from the prefix's end, to the word's.
  private func readWord(_ bytes: [UInt8], from start: Int, into match: inout Match) {
    var position = start
    while position < bytes.count {
      guard case .scalar(let scalar, let byteCount) = ScalarReading(bytes, at: position) else {
        match.endsInScalar = ScalarReading(bytes, at: position) == .incomplete
        match.progress = match.endsInScalar ? .open : .none
        return
      }
      position += byteCount
      switch ScalarRole(scalar) {
      case .word:
        match.word = match.word.lowerBound..<position
        match.endsInJoiner = false
      case .joiner where !match.word.isEmpty && !match.endsInJoiner: match.endsInJoiner = true
      case .blank where match.word.isEmpty:
        match.progress = .none
        return
      default:
        if match.word.isEmpty { match.word = match.word.lowerBound..<position }
        match.progress = .ended
        return
      }
    }
  }

  /// Whether two byte strings are equal as far as both go.
  private static func agree(_ bytes: ArraySlice<UInt8>, _ expected: [UInt8]) -> Bool {
    zip(bytes, expected).allSatisfy { $0 == $1 }
  }

  private static func skipBlanks(_ bytes: [UInt8], from start: Int) -> Int {
    var position = start
    while position < bytes.count, case .scalar(let scalar, let byteCount) = ScalarReading(bytes, at: position),
      ScalarRole(scalar) == .blank
    {
      position += byteCount
    }
    return position
  }
}
