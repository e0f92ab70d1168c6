import Daemon
import JSON

extension Verb {
  /// The verb of a call: its parameters are the flags, its table entry is the help.
  init(_ call: Call) {
    let options = call.parameters.map(Option.init)
    self.init(
      name: call.name, summary: call.summary, discussion: call.discussion, options: options + Self.callOptions,
      positional: call.positional.map(\.kebabCase),
      examples: [Self.example(of: call)] + (Self.moreExamples[call.name] ?? []))
  }

  /// Where the daemon is.
  static let socketOption = Option(
    "socket", .path, "The daemon's socket. Default: $RNND_SOCKET, else what rnnd socket prints.")

  private static let callOptions = [
    socketOption, Option("json", .flag, "Print the result as one line of JSON."),
  ]

  /// The call's own example as a command line.
  static func example(of call: Call) -> String {
    var words = ["rnnd", call.name]
    for name in call.positional {
      if let value = call.example[name] { words += shellWords(of: value) }
    }
    for member in call.example.members where !call.positional.contains(member.name) {
      let flag = "--" + member.name.kebabCase
      switch member.value {
      case .bool(let isOn): words.append(isOn ? flag : flag + "=false")
      default: words += [flag] + shellWords(of: member.value)
      }
    }
    return words.joined(separator: " ")
  }

  private static func shellWords(of value: JSONValue) -> [String] {
    switch value {
    case .string(let text): [quoted(text)]
    case .array(let elements): elements.flatMap(shellWords)
    default: [quoted(value.description)]
    }
  }

  /// As a shell takes it for one word.
  static func quoted(_ text: String) -> String {
    let plain = text.unicodeScalars.allSatisfy { scalar in
      scalar.properties.isAlphabetic || scalar.properties.numericType != nil
        || "-_./,:=+@".unicodeScalars.contains(scalar)
    }
    if plain, !text.isEmpty { return text }
    if !text.contains(where: { "\"$`\\!".contains($0) }) { return "\"\(text)\"" }
    return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }

  /// What the command line can do beyond one call with fixed params.
  private static let moreExamples: [String: [String]] = [
    "train-step": ["rnnd train-step the man bites the dog", "fortune | rnnd train-step"],
    "next-word": [
      "rnnd next-word \"I am goi\"               # completes the word", "rnnd next-word \"the man \" --limit 10 --json",
    ],
    "generate": ["rnnd generate \"once upon a time\" --max-tokens 50 --temperature 0.8 --seed 1"],
    "train": ["rnnd train notes/*.md --epochs 5", "git log --format=%B | rnnd train --epochs 3"],
    "evaluate": ["rnnd evaluate chapter.txt"],
    "create-model": [
      "rnnd create-model story --architecture gru --hidden-size 256 --tokenizer byte-bpe --vocabulary-size 4096 \\",
      "    --files story.txt",
    ],
    "gradient-flow": ["rnnd gradient-flow --model story \"once upon a time there was\""],
  ]
}

extension Option {
  fileprivate init(_ parameter: Parameter) {
    var kind = Kind.text
    var choices: [String] = []
    switch parameter.kind {
    case .text: kind = .text
    case .string: kind = .text
    case .path: kind = .path
    case .boolean: kind = .flag
    case .integer: kind = .integer
    case .number: kind = .number
    case .choice(let values): choices = values
    case .list(of: .integer, _): kind = .list(of: .integer)
    case .list(of: .text, _), .list(of: .string, _), .list(of: .choice, _): kind = .list(of: .text)
    case .list(of: .path, _): kind = .list(of: .path)
    case .list, .anything: kind = .json
    }
    self.init(
      parameter.name.kebabCase, kind, parameter: parameter.name, isRequired: parameter.isRequired,
      choices: choices, Self.documentation(of: parameter))
  }

  private static func documentation(of parameter: Parameter) -> String {
    // Of notifications only the protocol knows.
    if parameter.name == "progress" { return "Show progress, also where no terminal is; --no-progress shows none." }
    var text = parameter.documentation.split(separator: " ").map { flagged(String($0)) }.joined(separator: " ")
    if parameter.kind.namesFile {
      // The command line makes relative ones absolute.
      if text.hasPrefix("The absolute path") { text = "The path" + text.dropFirst("The absolute path".count) }
      if text.hasPrefix("Absolute paths") { text = "Paths" + text.dropFirst("Absolute paths".count) }
    }
    if parameter.name == "model" { text += " Short: -m." }
    guard let value = parameter.defaultValue, value != false, value != .string("") else { return text }
    return text + " Default: \(value.string ?? value.description)."
  }

  /// A parameter's name within a sentence as its flag: `hiddenSize` as `--hidden-size`.
  private static func flagged(_ word: String) -> String {
    let isName = word.first?.isLowercase == true && word.contains(where: \.isUppercase) && word.allSatisfy(\.isLetter)
    return isName ? "--" + word.kebabCase : word
  }
}
