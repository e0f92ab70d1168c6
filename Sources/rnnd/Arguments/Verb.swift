/// What the first word of a command line names: its options, its words, and what help says of it.
struct Verb: Sendable {
  var name: String
  /// One sentence, for the list of verbs.
  var summary: String
  /// Paragraphs below the usage line.
  var discussion: String = ""
  var options: [Option] = []
  /// Names of the options that words without a flag stand for, in their order; the last takes all that remain.
  var positional: [String] = []
  /// Commands that work as pasted.
  var examples: [String] = []

  func option(named name: String) -> Option? { options.first { $0.name == name } }
}

/// A flag of a verb.
struct Option: Sendable {
  enum Kind: Equatable, Sendable {
    case flag, text, integer, number, path
    case list(of: Element)
    /// Anything else that JSON can say.
    case json
  }

  enum Element: Equatable, Sendable {
    case text, integer, path
  }

  /// As it is typed, without the dashes: `hidden-size`.
  var name: String
  /// As it travels: `hiddenSize`; for the verbs that are no calls, the same as `name`.
  var parameter: String
  var kind: Kind
  var isRequired = false
  /// What it may be, when only these are allowed.
  var choices: [String] = []
  var documentation: String

  init(
    _ name: String, _ kind: Kind, parameter: String? = nil, isRequired: Bool = false, choices: [String] = [],
    _ documentation: String
  ) {
    self.name = name
    self.parameter = parameter ?? name
    self.kind = kind
    self.isRequired = isRequired
    self.choices = choices
    self.documentation = documentation
  }

  /// What help calls its value: `--limit N`.
  var placeholder: String? {
    if !choices.isEmpty { return choices.joined(separator: "|") }
    switch kind {
    case .flag: return nil
    case .text: return name.uppercased()
    case .integer: return "N"
    case .number: return "X"
    case .path: return "PATH"
    case .list(of: .path): return "FILE..."
    case .list(of: .integer): return "N..."
    case .list(of: .text): return "TEXT..."
    case .json: return "JSON"
    }
  }
}

extension String {
  /// `hiddenSize` as `hidden-size`.
  var kebabCase: String {
    var result = ""
    for character in self {
      if character.isUppercase {
        result += "-" + character.lowercased()
      } else {
        result.append(character)
      }
    }
    return result
  }
}
