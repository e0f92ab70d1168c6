import Foundation
import Glibc
import JSON
import System
import Testing

@testable import rnnd

extension ProcessTests {
  /// The real executable, as a shell runs it.
  @Suite struct CommandLineTests {
    let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    @Test(
      "A mistyped verb or flag is answered with the nearest one, and 64",
      arguments: [
        (["stauts"], "rnnd status"), (["Ping"], "rnnd ping"), (["ping", "--jsno"], "--json"),
        (["start", "--foregroud"], "--foreground"),
        (["start", "--log-level", "inof"], "'info'"), (["xyzzy"], "rnnd help"), (["--nonsense"], "rnnd help"),
      ])
    func didYouMean(arguments: [String], hint: String) throws {
      let outcome = try sandbox.run(Sandbox.executable, arguments)
      #expect(outcome.status == ExitCode.usage.rawValue)
      #expect(outcome.errors.contains(hint), "\(outcome.errors)")
      #expect(outcome.output.isEmpty)
    }

    @Test("Without a verb it lists all of them, and ends with 64")
    func noVerb() throws {
      let outcome = try sandbox.rnnd()
      #expect(outcome.status == ExitCode.usage.rawValue)
      #expect(outcome.output.contains("next-word") || outcome.output.contains("status"))
    }

    @Test(
      "Help is there in every way that people ask for it",
      arguments: [["help"], ["--help"], ["-h"], ["ping", "-h"], ["help", "ping"]])
    func help(arguments: [String]) throws {
      let outcome = try sandbox.run(Sandbox.executable, arguments)
      #expect(outcome.status == 0)
      #expect(outcome.output.contains("usage: rnnd"))
      #expect(outcome.errors.isEmpty)
    }

    @Test("Output that is no terminal's holds no escape sequences")
    func plain() throws {
      try sandbox.start()
      for arguments in [["help"], ["status"], ["ping"], ["help", "start"]] {
        #expect(try !sandbox.run(Sandbox.executable, arguments).output.contains("\u{1B}"))
      }
    }

    @Test("With --json an error is an object on standard error, and the number stays")
    func errorAsJSON() throws {
      let outcome = try sandbox.rnnd("ping", "--json")
      #expect(outcome.status == ExitCode.unavailable.rawValue)
      let error = try JSONValue.parse(Array(outcome.errors.utf8))
      #expect(error["message"] == "rnnd is not running")
      #expect(error["hint"]?.string?.contains("rnnd start") == true)
    }

    @Test("--json prints one line that parses, for every call that needs nothing")
    func json() throws {
      try sandbox.start()
      for name in ["ping", "status", "rpc.discover"] {
        let outcome = try sandbox.rnnd(name, "--json")
        #expect(outcome.status == 0)
        #expect(outcome.lines.count == 1)
        #expect(try outcome.json().object != nil)
      }
    }

    @Test("--socket and --json may stand before the verb")
    func leadingOptions() throws {
      try sandbox.start()
      #expect(try sandbox.rnnd("--socket", sandbox.socketPath, "--json", "ping").json()["version"] != nil)
      #expect(try sandbox.rnnd("--socket=/nowhere", "ping").status == ExitCode.unavailable.rawValue)
    }

    @Test("A reader that has had enough is no failure")
    func brokenPipe() throws {
      let outcome = try sandbox.run("/bin/sh", ["-c", "'\(Sandbox.executable)' completions bash | head -n 1"])
      #expect(outcome.status == 0)
      #expect(outcome.errors.isEmpty)
      #expect(outcome.lines.count == 1)
    }

    @Test("The completion scripts are sound", arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) throws {
      let script = try sandbox.rnnd("completions", shell).output
      #expect(script.contains("next-word") || script.contains("status"))
      guard let path = ["/bin/", "/usr/bin/"].map({ $0 + shell }).first(where: FileSystem.exists) else { return }
      let check = try sandbox.run(path, ["-n"], input: script)
      #expect(check.status == 0, "\(check.errors)")
    }
  }
}
