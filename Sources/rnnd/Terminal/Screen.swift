/// What is known about the place that output goes to, and so how it may look.
struct Screen: Sendable {
  /// A person is looking. Programs get plain lines whose form does not change.
  var isTerminal: Bool
  var columns: Int
  var hasColour: Bool

  /// Output that goes to a file or a program.
  static let plain = Screen(isTerminal: false, columns: 80, hasColour: false)

  enum Tone: String {
    case strong = "1"
    case faint = "2"
    case good = "32"
    case warning = "33"
    case bad = "31"
    case accent = "36"
  }

  /// The text in a tone, where colour is wanted.
  func style(_ text: String, _ tone: Tone) -> String {
    hasColour && !text.isEmpty ? "\u{1B}[\(tone.rawValue)m\(text)\u{1B}[0m" : text
  }
}
