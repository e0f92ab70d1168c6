import Daemon
import JSON
import Testing

@testable import rnnd

@Suite struct HelpTests {
  static let names = CommandLineTool.verbs.map(\.name)

  private func verb(_ name: String) throws -> Verb {
    try #require(CommandLineTool.verbs.first { $0.name == name })
  }

  @Test("Every call of the protocol is a verb, and no name is taken twice")
  func completeness() {
    let expected = CallTable.all.map(\.name).filter { !$0.hasPrefix("$") } + LocalVerb.allCases.map(\.rawValue)
    #expect(Self.names.sorted() == expected.sorted())
    #expect(Set(Self.names).count == Self.names.count)
  }

  @Test("The overview lists every verb")
  func overview() {
    let lines = Help(verbs: CommandLineTool.verbs).overview(on: .plain)
    for name in Self.names { #expect(lines.contains { $0.hasPrefix("  \(name) ") }, "\(name)") }
  }

  @Test("The page of a verb names each of its options and shows an example", arguments: HelpTests.names)
  func page(name: String) throws {
    let verb = try verb(name)
    let lines = Help.page(of: verb, on: .plain)
    #expect(lines.first?.hasPrefix("usage: rnnd \(name)") == true)
    #expect(lines.contains(verb.summary))
    for option in verb.options {
      #expect(lines.contains { $0.hasPrefix("  --\(option.name)") }, "--\(option.name)")
      #expect(!option.documentation.isEmpty)
    }
    #expect(!verb.examples.isEmpty)
    #expect(verb.positional.allSatisfy { verb.option(named: $0) != nil })
    #expect(Set(verb.options.map(\.name)).count == verb.options.count)
  }

  @Test("The page of a verb fits a narrow terminal", arguments: HelpTests.names)
  func narrow(name: String) throws {
    let screen = Screen(isTerminal: true, columns: 80, hasColour: false)
    let lines = Help.page(of: try verb(name), on: screen)
    let examples = lines.firstIndex(of: "Examples") ?? lines.count
    for line in lines[..<examples] where line.hasPrefix("  ") && line.contains("  ") {
      let isFlagAlone = line.hasPrefix("  --") && !line.dropFirst(2).contains("  ")
      #expect(isFlagAlone || DisplayWidth.of(line) <= 80, "\(line)")
    }
  }

  @Test(
    "A call's example on the command line gives the params of its example on the wire",
    arguments: CommandLineTool.calls.map(\.name))
  func example(name: String) throws {
    let call = try #require(CallTable.call(named: name))
    let words = ShellWords.split(Verb.example(of: call))
    #expect(words.starts(with: ["rnnd", name]))
    let verb = Verb(call)
    let parsed = try ParsedArguments(words.dropFirst(2), for: verb)
    var params: JSONObject = [:]
    for option in verb.options {
      if let value = parsed[option.name] { params[option.parameter] = value }
    }
    #expect(params == call.example)
  }

  @Test("Every example parses", arguments: HelpTests.names)
  func examples(name: String) throws {
    let verb = try verb(name)
    let text = verb.examples.joined(separator: "\n").split(separator: "\\\n").joined(separator: " ")
    for line in text.split(separator: "\n") {
      let command = line.split(separator: "#")[0].split(separator: "|").last ?? ""
      let words = ShellWords.split(String(command))
      guard words.starts(with: ["rnnd", name]) else { continue }
      #expect(throws: Never.self, "\(line)") { try ParsedArguments(words.dropFirst(2), for: verb) }
    }
  }

  @Test(
    "Any text survives being quoted for the shell",
    arguments: ["dog", "the man", "", "it's", "a\"b", "$HOME `x` \\", "-x", "é日", "a\nb", "!!", "'", "*"])
  func quoting(text: String) {
    #expect(ShellWords.split("rnnd " + Verb.quoted(text)) == ["rnnd", text])
  }

  @Test("Every ending has its own number and is explained")
  func exitCodes() {
    #expect(Set(ExitCode.allCases.map(\.rawValue)).count == ExitCode.allCases.count)
    for code in ExitCode.allCases {
      #expect(Help.exitCodes.contains { $0.contains(" \(code.rawValue)  ") || $0.contains("\(code.rawValue)  ") })
    }
  }
}

/// Splits a line into words as a POSIX shell does, for quotes and backslashes.
enum ShellWords {
  static func split(_ line: String) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var isEscaped = false
    for character in line {
      if isEscaped {
        word = (word ?? "") + String(character)
        isEscaped = false
      } else if character == "\\", quote != "'" {
        isEscaped = true
      } else if character == quote {
        quote = nil
      } else if quote == nil, character == "\"" || character == "'" {
        quote = character
        word = word ?? ""
      } else if quote == nil, character == " " {
        if let word { words.append(word) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    return words + (word.map { [$0] } ?? [])
  }
}

extension HelpTests {
  @Test("Help speaks of flags, never of names on the wire, and of paths as the shell gives them")
  func flagsInHelp() {
    for verb in CommandLineTool.verbs {
      for option in verb.options {
        let words = option.documentation.split(whereSeparator: { !$0.isLetter })
        #expect(!words.contains { $0.first?.isLowercase == true && $0.contains(where: \.isUppercase) }, "\(option)")
        #expect(!option.documentation.lowercased().contains("absolute"), "\(option)")
      }
    }
  }
}
