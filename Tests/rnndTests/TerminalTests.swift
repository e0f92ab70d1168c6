import Testing

@testable import rnnd

@Suite struct TerminalTests {
  static let terminal = Screen(isTerminal: true, columns: 80, hasColour: false)

  @Test(
    "A text is as wide as a terminal draws it",
    arguments: [
      ("", 0), ("dog", 3), ("é", 1), ("e\u{301}", 1), ("日本", 4), ("ｆｕ", 4), ("한글", 4), ("🐕", 2), ("👩‍👩‍👧", 2),
      ("🇩🇪", 2), ("❤️", 2), ("a\u{200B}b", 2),
    ])
  func width(text: String, columns: Int) {
    #expect(DisplayWidth.of(text) == columns)
  }

  @Test("A text that is cut never takes more columns than it was given", arguments: 1...12)
  func fitted(columns: Int) {
    let text = "a日本語bc🐕d"
    let cut = DisplayWidth.fitted(text, columns: columns)
    #expect(DisplayWidth.of(cut) <= columns)
    #expect(columns >= DisplayWidth.of(text) ? cut == text : cut.hasSuffix("…"))
  }

  @Test("Control characters of a text never reach the terminal")
  func controlCharacters() {
    #expect("a\u{1B}[2Jb\r\nc\u{9B}".printableLine == "a\\u{1b}[2Jb\\r\\nc\\u{9b}")
    #expect("a\tb\n\u{7}".printableText == "a\tb\n\\u{7}")
    #expect("plain é 日".printableLine == "plain é 日")
  }

  @Test("A table's columns line up by display width, numbers to the right")
  func table() {
    var table = Table(columns: [.init(title: "word"), .init(title: "n", isNumber: true), .init(title: "x")])
    table.rows = [["日本", "7", "a"], ["dog\n", "1234", "b"]]
    #expect(table.lines(on: Self.terminal) == ["word      n  x", "日本      7  a", "dog\\n  1234  b"])
    #expect(table.lines(on: .plain) == ["日本\t7\ta", "dog\\n\t1234\tb"])
  }

  @Test("Colour is left out where it is not wanted")
  func colour() {
    var screen = Self.terminal
    #expect(screen.style("dog", .bad) == "dog")
    screen.hasColour = true
    #expect(screen.style("dog", .bad) == "\u{1B}[31mdog\u{1B}[0m")
    #expect(screen.style("", .bad) == "")
  }

  @Test(
    "A bar is as long as its fraction, to an eighth",
    arguments: [
      (0.0, ""), (1.0, "████"), (0.5, "██"), (0.28125, "█▏"), (0.0001, "▏"), (7.0, "████"), (-1.0, ""),
    ])
  func bar(fraction: Double, expected: String) {
    #expect(Graphs.bar(fraction, columns: 4) == expected)
  }

  @Test("A sparkline goes from the lowest to the highest value and averages what does not fit")
  func sparkline() {
    #expect(Graphs.sparkline([0, 1, 2, 3, 4, 5, 6, 7], columns: 20) == "▁▂▃▄▅▆▇█")
    #expect(Graphs.sparkline([0, 0, 7, 7], columns: 2) == "▁█")
    #expect(Graphs.sparkline([3, 3], columns: 5) == "▁▁")
    #expect(Graphs.sparkline([.nan, .infinity], columns: 5) == "")
  }

  @Test(
    "Numbers are written for people",
    arguments: [
      (Figures.short(0), "0"), (Figures.short(0.03125), "0.0313"), (Figures.short(12.346), "12.35"),
      (Figures.short(1543.4), "1543"), (Figures.short(3.14e-7), "3.1e-07"), (Figures.short(.nan), "nan"),
      (Figures.scientific(9.99e20), "1.0e+21"), (Figures.scientific(-2.5e-10), "-2.5e-10"),
      (Figures.fixed(-0.04, 1), "0.0"), (Figures.fixed(1.005e14, 2), "100500000000000.0"),
      (Figures.grouped(-1_234_567), "-1,234,567"), (Figures.grouped(.min), "-9,223,372,036,854,775,808"),
      (Figures.bytes(999), "999 B"), (Figures.bytes(20_345_000), "20 MB"), (Figures.bytes(999_900), "1.0 MB"),
      (Figures.duration(seconds: 0.42), "0.4 s"), (Figures.duration(seconds: 200), "3 min 20 s"),
      (Figures.duration(seconds: 90_000), "1 day 1 h"), (Figures.duration(seconds: .infinity), "?"),
      (Figures.latency(microseconds: 37.2), "37 µs"), (Figures.latency(microseconds: 1234), "1.2 ms"),
      (Figures.percent(0.0001), "<0.1%"), (Figures.percent(0.6213), "62.1%"),
    ])
  func figures(written: String, expected: String) {
    #expect(written == expected)
  }

  @Test("Huge and undefined numbers become the nearest whole number")
  func clamping() {
    #expect(Int(clamping: 1e300) == .max)
    #expect(Int(clamping: -1e300) == .min)
    #expect(Int(clamping: Double.nan) == 0)
    #expect(Int(clamping: 41.9) == 41)
  }
}
