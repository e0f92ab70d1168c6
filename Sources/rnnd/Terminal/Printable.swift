extension String {
  /// The text on one line, with every control character shown by an escape: what was taught may hold anything, and
  /// none of it may move the cursor or end a line of a table.
  var printableLine: String { printable(keepingLineEnds: false) }

  /// The text with its line ends and tabs, and every other control character shown by an escape.
  var printableText: String { printable(keepingLineEnds: true) }

  private func printable(keepingLineEnds: Bool) -> String {
    if !unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) { return self }
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      if scalar.properties.generalCategory != .control || keepingLineEnds && (scalar == "\n" || scalar == "\t") {
        result.append(scalar)
      } else {
        result.append(contentsOf: Self.escape(scalar).unicodeScalars)
      }
    }
    return String(result)
  }

  private static func escape(_ control: Unicode.Scalar) -> String {
    switch control {
    case "\n": "\\n"
    case "\t": "\\t"
    case "\r": "\\r"
    default: "\\u{" + String(control.value, radix: 16) + "}"
    }
  }

  /// The text filled up with blanks to a width in columns, at its right or its left.
  func padded(to columns: Int, alignedRight: Bool = false) -> String {
    let blanks = String(repeating: " ", count: max(0, columns - DisplayWidth.of(self)))
    return alignedRight ? blanks + self : self + blanks
  }
}
