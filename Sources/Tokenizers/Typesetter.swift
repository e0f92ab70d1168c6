/// Decides where words and punctuation marks are set apart by a blank, within one line.
///
/// Closing marks follow what they close, opening marks precede what they open; a straight quote opens and closes in
/// turn; slashes, and points, commas and colons between digits, stand without blanks.
struct Typesetter {
  /// How the last token lets the next one follow.
  private enum Previous {
    case lineStart, word, digits, attachesNext, other
    /// A point, comma or colon right behind digits.
    case markInNumber
  }

  private var previous = Previous.lineStart
  private var openQuotes: Set<UInt32> = []

  /// Takes the next token of the line, and says whether a blank goes before it.
  mutating func wantsBlank(before token: ArraySlice<UInt8>) -> Bool {
    let scalar = token.withScalar { $0.value } ?? 0
    let isSingle = token.count == (token.withScalar { $0.length })
    let before = previous
    var attaches = before == .lineStart || before == .attachesNext
    previous = .word
    if token.allSatisfy(ASCII.isDigit) {
      attaches = attaches || before == .markInNumber
      previous = .digits
    } else if Self.attachesBoth.contains(scalar), isSingle {
      attaches = true
      previous = .attachesNext
    } else if Self.closing.contains(scalar), isSingle {
      attaches = true
      let continuesNumber = before == .digits && Self.withinNumbers.contains(scalar)
      previous = continuesNumber ? .markInNumber : .other
    } else if Self.opening.contains(scalar), isSingle {
      previous = .attachesNext
    } else if Self.quotes.contains(scalar), isSingle {
      if openQuotes.remove(scalar) != nil {
        attaches = true
        previous = .other
      } else {
        openQuotes.insert(scalar)
        previous = .attachesNext
      }
    } else if ScalarClass.of(scalar).contains(.mark) {
      attaches = true
    }
    return !attaches
  }

  private static let closing = scalars(",.;:!?%)]}…’”»")
  private static let opening = scalars("([{$#@“‘«¿¡£€")
  private static let quotes = scalars("\"'`")
  /// Slashes, the joiner within an emoji, and wide marks, which bring their own space.
  private static let attachesBoth = scalars("/\\\u{200D}、。，！？；：（）「」『』")
  private static let withinNumbers = scalars(".,:")

  private static func scalars(_ text: String) -> Set<UInt32> {
    Set(text.unicodeScalars.map(\.value))
  }
}

extension ArraySlice<UInt8> {
  /// The first scalar, handed to `body`; nil for an empty slice.
  fileprivate func withScalar<Result>(_ body: (UTF8Scalar) -> Result?) -> Result? {
    isEmpty ? nil : body(UTF8Scalar(span, at: 0, end: count))
  }
}
