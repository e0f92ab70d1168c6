import JSON

/// The words that may come next, with bars as long as they are probable.
struct NextWordView {
  /// What was asked about, when it was given as text.
  var text: String?
  var result: JSONValue

  func lines(on screen: Screen) -> [String] {
    let words = (result["words"]?.array ?? []).map { entry in
      (
        word: entry["word"]?.string ?? "", completion: entry["completion"]?.string ?? "",
        probability: entry["probability"]?.double ?? 0
      )
    }
    guard screen.isTerminal else { return words.map { "\($0.word.printableLine)\t\($0.probability)" } }
    guard !words.isEmpty else { return [nothing] }
    let width = words.reduce(0) { max($0, DisplayWidth.of($1.word.printableLine)) }
    let columns = max(8, min(40, screen.columns - width - 12))
    let rows = words.map { entry in
      let bar = Graphs.bar(entry.probability, columns: columns)
      return "  " + name(entry.word, completion: entry.completion, width: width, on: screen)
        + Figures.percent(entry.probability).padded(to: 8, alignedRight: true) + "  " + screen.style(bar, .accent)
    }
    return heading(on: screen) + rows
  }

  private var nothing: String {
    guard let prefix = result["prefix"]?.string, !prefix.isEmpty else {
      return "The model knows no word yet: teach it one with  rnnd train-step \"the man bites the dog\""
    }
    return "The model knows no word that begins with '\(prefix.printableLine)'."
  }

  /// The end of the text, so that the words below can be read on from it.
  private func heading(on screen: Screen) -> [String] {
    guard let text, !text.isEmpty else { return [] }
    let line = text.printableLine
    var shown = ""
    for character in line.reversed() {
      if DisplayWidth.of(shown) + DisplayWidth.of(character) > min(60, screen.columns - 4) {
        shown.append("…")
        break
      }
      shown.append(character)
    }
    return [screen.style(String(shown.reversed()), .faint)]
  }

  /// The word, the part of it that was typed already faint.
  private func name(_ word: String, completion: String, width: Int, on screen: Screen) -> String {
    let whole = word.printableLine
    let added = completion.printableLine
    let padding = String(repeating: " ", count: max(0, width - DisplayWidth.of(whole)))
    guard whole.hasSuffix(added), added.utf8.count < whole.utf8.count else {
      return screen.style(whole, .strong) + padding
    }
    return screen.style(String(whole.dropLast(added.count)), .faint) + screen.style(added, .strong) + padding
  }
}
