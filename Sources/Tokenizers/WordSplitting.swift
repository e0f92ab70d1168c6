/// The word tokenizer's splitting: `Splitter.wordPattern` by hand.
enum WordSplitting {
  @inline(__always)
  static func next(in text: Span<UInt8>, from start: Int, to end: Int) -> Range<Int>? {
    var position = start
    while position < end {
      let byte = text[position]
      if byte < 0x80 {
        if ASCII.isWord(byte) { return position..<endOfWord(in: text, from: position &+ 1, to: end) }
        if !ASCII.isWhiteSpace(byte) { return position..<position &+ 1 }
        position &+= 1
      } else {
        let scalar = UTF8Scalar(text, at: position, end: end)
        let kind = scalar.scalarClass
        let after = position &+ scalar.length
        if kind.contains(.word) { return position..<endOfWord(in: text, from: after, to: end) }
        if !kind.contains(.whiteSpace) { return position..<after }
        position = after
      }
    }
    return nil
  }

  /// Where the word ends whose beginning stands right before `start`.
  @inline(__always)
  static func endOfWord(in text: Span<UInt8>, from start: Int, to end: Int) -> Int {
    var position = start
    while position < end {
      let byte = text[position]
      if byte < 0x80 {
        if !ASCII.isWord(byte) {
          let joins = byte == 0x27 || byte == 0x2D
          if !joins || lengthOfWordScalar(in: text, at: position &+ 1, to: end) == 0 { return position }
        }
        position &+= 1
      } else {
        let scalar = UTF8Scalar(text, at: position, end: end)
        if !scalar.scalarClass.contains(.word) {
          let joins = scalar.value == 0x2019
          if !joins || lengthOfWordScalar(in: text, at: position + scalar.length, to: end) == 0 { return position }
        }
        position &+= scalar.length
      }
    }
    return position
  }

  /// The length of the scalar at `position` when words are made of it, else 0.
  @inline(__always)
  static func lengthOfWordScalar(in text: Span<UInt8>, at position: Int, to end: Int) -> Int {
    guard position < end else { return 0 }
    let byte = text[position]
    if byte < 0x80 { return ASCII.isWord(byte) ? 1 : 0 }
    let scalar = UTF8Scalar(text, at: position, end: end)
    return scalar.scalarClass.contains(.word) ? scalar.length : 0
  }
}

/// Splitting at white space only.
enum BlankSplitting {
  @inline(__always)
  static func next(in text: Span<UInt8>, from start: Int, to end: Int) -> Range<Int>? {
    var position = start
    while position < end {
      let length = lengthOfWhiteSpace(in: text, at: position, to: end)
      if length == 0 { break }
      position &+= length
    }
    let begin = position
    while position < end {
      let byte = text[position]
      if byte < 0x80 {
        if ASCII.isWhiteSpace(byte) { break }
        position &+= 1
      } else {
        let scalar = UTF8Scalar(text, at: position, end: end)
        if scalar.scalarClass.contains(.whiteSpace) { break }
        position &+= scalar.length
      }
    }
    return begin < position ? begin..<position : nil
  }

  /// The length of the white space scalar at `position`, or 0 when something else stands there.
  @inline(__always)
  static func lengthOfWhiteSpace(in text: Span<UInt8>, at position: Int, to end: Int) -> Int {
    let byte = text[position]
    if byte < 0x80 { return ASCII.isWhiteSpace(byte) ? 1 : 0 }
    let scalar = UTF8Scalar(text, at: position, end: end)
    return scalar.scalarClass.contains(.whiteSpace) ? scalar.length : 0
  }
}

/// The splitting `\w+|[^\w\s]+`.
enum WordsAndPunctuation {
  static func next(in text: Span<UInt8>, from start: Int, to end: Int) -> Range<Int>? {
    var position = start
    while position < end {
      let length = BlankSplitting.lengthOfWhiteSpace(in: text, at: position, to: end)
      if length == 0 { break }
      position += length
    }
    if position >= end { return nil }
    let begin = position
    let first = UTF8Scalar(text, at: position, end: end)
    let isWord = first.scalarClass.contains(.identifier)
    position += first.length
    while position < end {
      let scalar = UTF8Scalar(text, at: position, end: end)
      let kind = scalar.scalarClass
      if kind.contains(.identifier) != isWord || kind.contains(.whiteSpace) { break }
      position += scalar.length
    }
    return begin..<position
  }
}
