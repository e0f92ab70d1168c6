import JSON
import RPC

/// A mistake on the command line: what was found and what to do.
struct UsageError: Error, Equatable {
  var message: String
  var hint: String?

  init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }
}

/// A verb's options as they were given.
struct ParsedArguments: Equatable {
  /// By the names of the options: `hidden-size`. Paths and texts stay as typed.
  private(set) var values: [String: JSONValue] = [:]
  private(set) var wantsHelp = false

  subscript(name: String) -> JSONValue? {
    get { values[name] }
    set { values[name] = newValue }
  }

  func text(_ name: String) -> String? { values[name]?.string }
  func flag(_ name: String) -> Bool { values[name]?.bool ?? false }

  /// Reads the words after the verb.
  ///
  /// Flags are `--name value`, `--name=value`, `--flag`, `--no-flag`; a list takes every word up to the next flag; `--`
  /// ends the flags; a lone `-` is a word. Words without a flag fill the positional options.
  init(_ arguments: some Sequence<String>, for verb: Verb) throws(UsageError) {
    var remaining = ArraySlice(Array(arguments))
    var words: [String] = []
    while let argument = remaining.popFirst() {
      if argument == "--" {
        words += remaining
        break
      } else if argument == "-h" || argument == "--help" {
        wantsHelp = true
        return
      } else if argument.count > 1, argument.first == "-", !Self.isNumber(argument) {
        try readFlag(argument, from: &remaining, of: verb)
      } else {
        words.append(argument)
      }
    }
    try place(words, of: verb)
  }

  private mutating func readFlag(
    _ argument: String, from remaining: inout ArraySlice<String>, of verb: Verb
  ) throws(UsageError) {
    let (flag, attached) = Self.split(argument)
    if let negated = Self.negated(flag, of: verb) {
      guard attached == nil else { throw UsageError("\(flag) takes no value") }
      values[negated.name] = false
      return
    }
    let name = flag == "-m" ? "model" : String(flag.drop { $0 == "-" })
    guard flag == "-m" || flag.hasPrefix("--"), let option = verb.option(named: name) else {
      throw Self.unknown(flag, of: verb)
    }
    if option.kind == .flag {
      values[name] = .bool(try Self.bool(attached, for: option))
      return
    }
    if case .list = option.kind {
      var texts = attached.map { [$0] } ?? []
      while attached == nil, let next = remaining.first, next == "-" || next.first != "-" || Self.isNumber(next) {
        texts.append(next)
        remaining.removeFirst()
      }
      guard !texts.isEmpty else { throw Self.missingValue(of: option, verb) }
      try append(texts, to: option)
      return
    }
    guard let text = attached ?? remaining.popFirst() else { throw Self.missingValue(of: option, verb) }
    values[name] = try Self.value(text, for: option)
  }

  /// Gives the words without flags to the positional options.
  private mutating func place(_ words: [String], of verb: Verb) throws(UsageError) {
    guard !words.isEmpty else { return }
    var words = ArraySlice(words)
    let open = verb.positional.filter { values[$0] == nil }
    for (index, name) in open.enumerated() {
      guard let option = verb.option(named: name), let first = words.first else { break }
      let isLast = index == open.count - 1
      if case .list = option.kind {
        try append(Array(words), to: option)
        words = []
      } else if isLast, option.kind == .text, name == "text" {
        values[name] = .string(words.joined(separator: " "))
        words = []
      } else {
        values[name] = try Self.value(first, for: option)
        words.removeFirst()
      }
    }
    if let extra = words.first {
      throw UsageError(
        "'\(extra)' is one word more than \(verb.name) takes", hint: "see: rnnd \(verb.name) --help")
    }
  }

  private mutating func append(_ texts: [String], to option: Option) throws(UsageError) {
    var elements = values[option.name]?.array ?? []
    for text in texts {
      if option.kind == .list(of: .integer) {
        for part in text.split(whereSeparator: { $0 == "," || $0 == " " }) {
          elements.append(try Self.value(String(part), for: Option(option.name, .integer, "")))
        }
      } else {
        elements.append(.string(text))
      }
    }
    values[option.name] = .array(elements)
  }
}

// MARK: Single values

extension ParsedArguments {
  private static func value(_ text: String, for option: Option) throws(UsageError) -> JSONValue {
    if !option.choices.isEmpty, !option.choices.contains(where: { $0.utf8.elementsEqual(text.utf8) }) {
      let choices = option.choices.joined(separator: ", ")
      let suggestion = nearest(text, among: option.choices)
      throw UsageError(
        "--\(option.name) is '\(text)'; expected one of \(choices)", hint: suggestion.map { "did you mean '\($0)'?" })
    }
    switch option.kind {
    case .flag: return .bool(try bool(text, for: option))
    case .text, .path: return .string(text)
    case .list: return .array([.string(text)])
    case .integer:
      guard let number = JSONValue(numberText: text), number.int != nil else {
        throw UsageError("--\(option.name) is '\(text)'; expected a whole number")
      }
      return number
    case .number:
      guard let number = JSONValue(numberText: text) else {
        throw UsageError("--\(option.name) is '\(text)'; expected a number")
      }
      return number
    case .json:
      return (try? JSONValue.parse(Array(text.utf8))) ?? .string(text)
    }
  }

  private static func bool(_ text: String?, for option: Option) throws(UsageError) -> Bool {
    switch text {
    case nil, "true", "yes", "on": return true
    case "false", "no", "off": return false
    default: throw UsageError("--\(option.name) is '\(text ?? "")'; expected true or false")
    }
  }

  private static func isNumber(_ text: String) -> Bool { JSONValue(numberText: text) != nil }

  private static func split(_ argument: String) -> (flag: String, value: String?) {
    guard argument.hasPrefix("--"), let equals = argument.firstIndex(of: "=") else { return (argument, nil) }
    return (String(argument[..<equals]), String(argument[argument.index(after: equals)...]))
  }

  private static func negated(_ flag: String, of verb: Verb) -> Option? {
    guard flag.hasPrefix("--no-"), let option = verb.option(named: String(flag.dropFirst(5))) else { return nil }
    return option.kind == .flag ? option : nil
  }

  private static func missingValue(of option: Option, _ verb: Verb) -> UsageError {
    UsageError(
      "--\(option.name) needs a value: --\(option.name) \(option.placeholder ?? "VALUE")",
      hint: "see: rnnd \(verb.name) --help")
  }

  private static func unknown(_ flag: String, of verb: Verb) -> UsageError {
    let name = String(flag.drop { $0 == "-" })
    let suggestion = nearest(name, among: verb.options.map(\.name))
    return UsageError(
      "\(verb.name) has no option \(flag)",
      hint: suggestion.map { "did you mean --\($0)?" } ?? "see: rnnd \(verb.name) --help")
  }
}

extension JSONValue {
  /// A number as JSON writes it, also with a leading `+` or `.`; nil for anything else, so also for NaN and infinity.
  fileprivate init?(numberText: String) {
    var text = numberText
    if text.hasPrefix("+") { text.removeFirst() }
    if text.hasPrefix(".") { text = "0" + text }
    guard let value = try? JSONValue.parse(Array(text.utf8)), case .number = value else { return nil }
    self = value
  }
}
