import Foundation
import JSON
import System
import Testing

@testable import rnnd

extension ProcessTests {
  /// `clients/rnnd.sh` against the real daemon, over each of the programs that can carry it.
  @Suite struct ShellClientTests {
    let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    static let script = Sandbox.package + "/clients/rnnd.sh"

    /// Those that are installed here; `.ci/run` installs all of them.
    static let transports: [String] = {
      let find = "command -v socat; nc -h 2>&1 | grep -q 'Shutdown the network' && command -v nc; command -v python3"
      let found = try? Sandbox().run("/bin/sh", ["-c", find]).lines
      return (found ?? []).compactMap { $0.split(separator: "/").last.map(String.init) }
    }()

    private func client(
      _ arguments: String..., input: String = "", transport: String? = nil, environment: [String: String] = [:]
    ) throws -> Sandbox.Outcome {
      var variables = environment
      if let transport { variables["RNND_TRANSPORT"] = transport }
      return try sandbox.run("/bin/sh", [Self.script] + arguments, input: input, environment: variables)
    }

    @Test(
      "Results come back over every transport", .enabled(if: !transports.isEmpty, "needs socat, nc or python3"),
      arguments: transports)
    func transport(name: String) throws {
      try sandbox.start()
      let ping = try client("ping", transport: name)
      #expect(ping.status == 0, "\(ping.errors)")
      #expect(try ping.json()["version"]?.string?.isEmpty == false)
      #expect(try client("-f", "version", "ping", transport: name).lines.count == 1)
    }

    @Test("The daemon's errors end it with their own status, and say what to do")
    func errors() throws {
      try sandbox.start()
      let unknown = try client("pnig")
      #expect(unknown.status == ExitCode.usage.rawValue)
      #expect(unknown.errors.contains("ping"), "\(unknown.errors)")
      #expect(unknown.output.isEmpty)
      let extra = try client("ping", "--hidden-size", "3")
      #expect(extra.status == ExitCode.usage.rawValue)
    }

    @Test("Without a daemon it says how to start one")
    func notRunning() throws {
      let ping = try client("ping")
      #expect(ping.status == ExitCode.unavailable.rawValue)
      #expect(ping.errors.contains("rnnd start"))
    }

    @Test(
      "It looks for the socket where rnnd does",
      arguments: [
        ["XDG_RUNTIME_DIR": "/a/b"], ["RNND_SOCKET": "/c/d.sock"], ["XDG_RUNTIME_DIR": "", "XDG_STATE_HOME": "/e"],
        ["XDG_RUNTIME_DIR": "relative", "XDG_STATE_HOME": ""],
      ])
    func socketPath(variables: [String: String]) throws {
      let expected = try sandbox.rnnd("socket", environment: variables).output
      var more = variables
      more["RNND_SOURCED"] = "1"
      let found = try sandbox.run("/bin/sh", ["-c", ". '\(Self.script)'; rnnd_socket"], environment: more).output
      #expect(found == expected)
    }

    @Test(
      "Any text becomes the same JSON string",
      arguments: [
        "dog", "", "a\"b\\c", "tab\tand\u{1}\u{1F}\u{7F}", "two\nlines\n\n", "é日本🐕", "%s \\n $HOME `x` '", " -n ",
        "\r\n",
      ])
    func quoting(text: String) throws {
      let outcome = try sandbox.run(
        "/bin/sh", ["-c", ". '\(Self.script)'; rnnd_quote"], input: text, environment: ["RNND_SOURCED": "1"])
      #expect(try outcome.json() == .string(text))
    }

    @Test(
      "Values that are JSON are sent as they are, all others as strings",
      arguments: [
        ("3", 3), ("-1.5", -1.5), ("true", true), ("null", nil), ("[1,2]", [1, 2]), ("abc", "abc"), ("", ""),
        ("01", "01"),
        ("1 2", "1 2"), ("\"12\"", "12"), ("-", "-"), ("1\n2", "1\n2"),
      ] as [(String, JSONValue)])
    func values(text: String, expected: JSONValue) throws {
      let outcome = try sandbox.run(
        "/bin/sh", ["-c", ". '\(Self.script)'; rnnd_value \"$1\"", "sh", text], environment: ["RNND_SOURCED": "1"])
      #expect(try outcome.json() == expected)
    }

    @Test("Members are found by name and unescaped, also where a text looks like one")
    func fields() throws {
      let reply =
        #"{"text":"a \"word\": \\ \u00e9 \ud83d\udc15 \n","words":[{"word":"dog"},{"word":"the \"man\""}],"n":-1.5}"#
      func field(_ name: String) throws -> String {
        try sandbox.run(
          "/bin/sh", ["-c", ". '\(Self.script)'; rnnd_field \(name)"], input: reply + "\n",
          environment: ["RNND_SOURCED": "1"]
        ).output
      }
      #expect(try field("word") == "dog\nthe \"man\"\n")
      #expect(try field("text") == "a \"word\": \\ é 🐕 \n\n")
      #expect(try field("n") == "-1.5\n")
      #expect(try field("nothing") == "")
    }

    @Test(
      "Whole lines pass through as they are", .enabled(if: !transports.isEmpty, "needs socat, nc or python3"),
      arguments: transports)
    func send(name: String) throws {
      try sandbox.start()
      let lines = (1...5).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"ping"}"# }.joined(separator: "\n") + "\n"
      let answers = try client("send", input: lines, transport: name).lines
      #expect(try answers.map { try JSONValue.parse(Array($0.utf8))["id"]?.int } == [1, 2, 3, 4, 5])
    }

    @Test("It teaches and asks, with words one a line")
    func teachAndAsk() throws {
      try sandbox.start()
      for _ in 0..<30 { #expect(try client("train-step", "the man bites the dog").status == 0) }
      let words = try client("-f", "word", "next-word", "the man bites the ", "--limit", "2").lines
      #expect(words.count == 2)
      #expect(words.first == "dog", "\(words)")
      let piped = try client("score", "-", input: "the man bites the dog\n")
      #expect(try piped.json() == (try client("score", "the man bites the dog").json()))
    }

    @Test("Progress goes to standard error, the result alone to standard output")
    func progress() throws {
      try sandbox.start()
      let text = String(repeating: "the man bites the dog\n", count: 400)
      let training = try client("train", "-", "--epochs", "2", "--progress", "true", input: text)
      #expect(training.status == 0, "\(training.errors)")
      #expect(try training.json()["step"]?.int ?? 0 > 0)
      #expect(training.errors.contains("$/progress"))
    }
  }
}
