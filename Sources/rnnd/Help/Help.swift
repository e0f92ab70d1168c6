/// What `rnnd help` and `--help` print, made from the verbs themselves.
struct Help {
  var verbs: [Verb]

  static let purpose = """
    rnnd keeps recurrent language models in memory, learns from what you write and predicts the next word.
    """

  /// The verbs in the order in which a person meets them; what no group names comes last.
  static let groups: [(title: String, names: [String])] = [
    ("The daemon", ["start", "stop", "restart", "status", "socket", "ping"]),
    ("Teaching and asking", ["train-step", "next-word", "generate", "score", "gradient-flow"]),
    ("Whole files", ["train", "evaluate"]),
    (
      "Models",
      [
        "create-model", "list-models", "describe-model", "save-model", "load-model", "unload-model", "copy-model",
        "delete-model", "import-model", "export-model",
      ]
    ),
    ("Tokens", ["tokenize", "detokenize"]),
  ]

  // MARK: All verbs

  func overview(on screen: Screen) -> [String] {
    var lines = [Self.purpose, "", "usage: rnnd VERB [options]", ""]
    for group in grouped {
      lines.append(screen.style(group.title, .strong))
      for verb in group.verbs {
        lines.append("  " + verb.name.padded(to: 16) + screen.fit(verb.summary, indentation: 18))
      }
      lines.append("")
    }
    return lines + [
      "The first steps:",
      "  rnnd start",
      "  rnnd train-step \"the man bites the dog\"",
      "  rnnd next-word \"the man bites the\"",
      "",
      "More: rnnd help VERB, rnnd help exit-codes",
    ]
  }

  private var grouped: [(title: String, verbs: [Verb])] {
    let named = Set(Self.groups.flatMap(\.names))
    let groups = Self.groups.map { group in
      (title: group.title, verbs: group.names.compactMap { name in verbs.first { $0.name == name } })
    }
    return groups + [(title: "More", verbs: verbs.filter { !named.contains($0.name) })]
  }

  // MARK: One verb

  static func page(of verb: Verb, on screen: Screen) -> [String] {
    var lines = ["usage: " + usage(of: verb), "", verb.summary]
    if !verb.discussion.isEmpty { lines += [""] + screen.wrapped(verb.discussion, indentation: 0) }
    if !verb.options.isEmpty { lines += ["", screen.style("Options", .strong)] + options(of: verb, on: screen) }
    if !verb.examples.isEmpty { lines += ["", screen.style("Examples", .strong)] + verb.examples.map { "  " + $0 } }
    return lines
  }

  /// `rnnd next-word [TEXT] [options]`
  static func usage(of verb: Verb) -> String {
    let words = verb.positional.compactMap { name -> String? in
      guard let option = verb.option(named: name) else { return nil }
      let placeholder = option.kind == .path ? option.name.uppercased() : option.placeholder ?? option.name.uppercased()
      return option.isRequired ? placeholder : "[\(placeholder)]"
    }
    return (["rnnd", verb.name] + words + (verb.options.isEmpty ? [] : ["[options]"])).joined(separator: " ")
  }

  private static func options(of verb: Verb, on screen: Screen) -> [String] {
    let flags = verb.options.map { option in
      "  --" + option.name + (option.placeholder.map { " " + $0 } ?? "")
    }
    let width = min(30, (flags.map(\.count).max() ?? 0) + 2)
    var lines: [String] = []
    for (option, flag) in zip(verb.options, flags) {
      let text = screen.wrapped(option.documentation + (option.isRequired ? " Required." : ""), indentation: width)
      if flag.count + 2 > width {
        lines.append(flag)
        lines += text.map { String(repeating: " ", count: width) + $0 }
      } else {
        lines.append(flag.padded(to: width) + (text.first ?? ""))
        lines += text.dropFirst().map { String(repeating: " ", count: width) + $0 }
      }
    }
    return lines
  }

  // MARK: Topics

  static let exitCodes: [String] =
    ["How rnnd ends, by kind of failure (the numbers of sysexits.h):", ""]
    + ExitCode.allCases.map { String($0.rawValue).padded(to: 5, alignedRight: true) + "  " + $0.explanation }
    + ["", "The message says what was found and what to do; with --json it is an object on standard error."]
}

extension Screen {
  /// How wide running text may be.
  private var textColumns: Int { isTerminal ? max(40, min(columns, 100)) : 100 }

  /// The text cut to what is left of a line; programs get all of it.
  func fit(_ text: String, indentation: Int) -> String {
    isTerminal ? DisplayWidth.fitted(text, columns: max(20, columns - indentation)) : text
  }

  /// The text in lines that fit beside an indentation.
  func wrapped(_ text: String, indentation: Int) -> [String] {
    let limit = max(30, textColumns - indentation)
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if !line.isEmpty, DisplayWidth.of(line) + DisplayWidth.of(word) + 1 > limit {
        lines.append(line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return lines + [line]
  }
}
