import JSON
import Testing

@testable import rnnd

@Suite struct ParsedArgumentsTests {
  static let verb = Verb(
    name: "learn", summary: "Learns.",
    options: [
      Option("text", .text, ""), Option("limit", .integer, ""),
      Option("learning-rate", .number, parameter: "learningRate", ""),
      Option("tied", .flag, ""), Option("model", .text, ""), Option("files", .list(of: .path), ""),
      Option("ids", .list(of: .integer), ""), Option("cell", .text, choices: ["gru", "lstm"], ""),
      Option("stop", .json, ""),
    ],
    positional: ["text"])
  static let files = Verb(
    name: "train", summary: "", options: [Option("name", .text, ""), Option("files", .list(of: .path), "")],
    positional: ["name", "files"])

  @Test(
    "Flags take their value beside them or behind an equals sign",
    arguments: [
      (["--limit", "3"], ["limit": 3]), (["--limit=3"], ["limit": 3]), (["--learning-rate", "-.5"], nil),
      (["--learning-rate", "0.5"], ["learning-rate": 0.5]), (["--learning-rate", ".5"], ["learning-rate": 0.5]),
      (["--tied"], ["tied": true]), (["--no-tied"], ["tied": false]), (["--tied=no"], ["tied": false]),
      (["-m", "story"], ["model": "story"]), (["--text="], ["text": ""]), (["--text", "-x"], ["text": "-x"]),
      (["--stop", "[\".\"]"], ["stop": ["."]]), (["--stop", "."], ["stop": "."]), (["--cell", "gru"], ["cell": "gru"]),
    ] as [([String], [String: JSONValue]?)])
  func flags(arguments: [String], expected: [String: JSONValue]?) throws {
    guard let expected else {
      #expect(throws: UsageError.self) { try ParsedArguments(arguments, for: Self.verb) }
      return
    }
    let parsed = try ParsedArguments(arguments, for: Self.verb)
    #expect(parsed.values.keys.sorted() == expected.keys.sorted())
    for (name, value) in expected { #expect(parsed[name] == value) }
  }

  @Test(
    "Words without a flag are the text, with or without quotes",
    arguments: [
      (["the man bites "], "the man bites "), (["the", "man", "bites"], "the man bites"),
      (["--", "--limit", "3"], "--limit 3"),
      (["-"], "-"), (["5"], "5"), (["-5"], "-5"), (["the", "--tied", "man"], "the man"),
    ])
  func words(arguments: [String], text: String) throws {
    #expect(try ParsedArguments(arguments, for: Self.verb).text("text") == text)
  }

  @Test("A list takes every word up to the next flag, and may be given again")
  func lists() throws {
    let parsed = try ParsedArguments(
      ["--files", "a", "b", "--limit", "2", "--files=c", "--ids", "1,2", "3"], for: Self.verb)
    #expect(parsed["files"] == ["a", "b", "c"])
    #expect(parsed["ids"] == [1, 2, 3])
    #expect(parsed["limit"] == 2)
  }

  @Test("The first words go to the first positional options, all that remain to the last")
  func positional() throws {
    let parsed = try ParsedArguments(["story", "a.md", "b.md"], for: Self.files)
    #expect(parsed.text("name") == "story")
    #expect(parsed["files"] == ["a.md", "b.md"])
    #expect(try ParsedArguments(["--name", "x", "a.md"], for: Self.files)["files"] == ["a.md"])
  }

  @Test(
    "A mistake is named, with what to do",
    arguments: [
      (["--limt", "3"], "no option --limt", "--limit"), (["--limit"], "needs a value", "--help"),
      (["--limit", "many"], "whole number", nil), (["--limit", "1.5"], "whole number", nil),
      (["--learning-rate", "nan"], "expected a number", nil), (["--learning-rate", "inf"], "expected a number", nil),
      (["--tied=perhaps"], "true or false", nil), (["--no-tied=1"], "takes no value", nil),
      (["--cell", "gro"], "expected one of gru, lstm", "gru"), (["-z"], "no option -z", "--help"),
      (["--files"], "needs a value", "--help"), (["--ids", "x"], "whole number", nil),
      (["--=3"], "no option", "--help"),
    ] as [([String], String, String?)])
  func mistakes(arguments: [String], message: String, hint: String?) {
    let error = #expect(throws: UsageError.self) { try ParsedArguments(arguments, for: Self.verb) }
    #expect(error?.message.contains(message) == true, "\(String(describing: error))")
    if let hint { #expect(error?.hint?.contains(hint) == true, "\(String(describing: error))") }
  }

  @Test("A word too many is a mistake where the last option takes only one")
  func extraWord() {
    let verb = Verb(name: "copy", summary: "", options: [Option("name", .text, "")], positional: ["name"])
    #expect(throws: UsageError.self) { try ParsedArguments(["a", "b"], for: verb) }
  }

  @Test("Help is wanted wherever it is asked for, whatever else is wrong before it")
  func help() throws {
    #expect(try ParsedArguments(["a", "--help", "--nonsense"], for: Self.verb).wantsHelp)
    #expect(try ParsedArguments(["-h"], for: Self.verb).wantsHelp)
  }

  @Test(
    "Names on the wire become flags", arguments: [("hiddenSize", "hidden-size"), ("text", "text"), ("topP", "top-p")])
  func kebab(name: String, flag: String) {
    #expect(name.kebabCase == flag)
  }
}
