import Foundation
import JSON
import System
import Testing

@testable import rnnd

/// Where python3 is, if it is.
private let installedPython: String? =
  (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { $0 + "/python3" }
  .first { FileSystem.exists($0) }

extension ProcessTests {
  /// `clients/rnnd.py` against the real daemon: as a command, and as a module in small programs that check themselves.
  @Suite(.enabled(if: installedPython != nil, "needs python3")) struct PythonClientTests {
    let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    static let script = Sandbox.package + "/clients/rnnd.py"

    private func client(_ arguments: String..., input: String = "") throws -> Sandbox.Outcome {
      try sandbox.run(try #require(installedPython), [Self.script] + arguments, input: input)
    }

    /// Runs a program that imports the client; an assertion that fails in it fails the test.
    private func program(_ text: String, environment: [String: String] = [:]) throws -> Sandbox.Outcome {
      var variables = ["PYTHONPATH": Sandbox.package + "/clients", "PYTHONDONTWRITEBYTECODE": "1"]
      variables.merge(environment) { $1 }
      return try sandbox.run(
        try #require(installedPython), ["-c", "import asyncio, rnnd\n" + text], environment: variables)
    }

    private func expectSuccess(_ outcome: Sandbox.Outcome) {
      #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test("As a command it prints results as JSON and errors with what to do")
    func command() throws {
      let absent = try client("ping")
      #expect(absent.status == ExitCode.unavailable.rawValue)
      #expect(absent.errors.contains("rnnd start"))
      try sandbox.start()
      let ping = try client("ping")
      #expect(ping.status == 0, "\(ping.errors)")
      #expect(try ping.json()["version"]?.string?.isEmpty == false)
      let unknown = try client("pnig")
      #expect(unknown.status == ExitCode.usage.rawValue)
      #expect(unknown.errors.contains("ping"))
      #expect(!unknown.errors.contains("Traceback"))
    }

    @Test("Errors of the daemon carry code, kind and hint, and the connection stays usable")
    func errors() throws {
      try sandbox.start()
      expectSuccess(
        try program(
          """
          with rnnd.Client() as client:
              try:
                  client.call("pnig")
                  raise AssertionError("not refused")
              except rnnd.CallError as error:
                  assert (error.code, error.kind) == (-32601, "method-not-found"), error
                  assert "ping" in error.hint, error.hint
              assert client.call("ping")["version"]
          """))
    }

    @Test("Without a daemon both clients raise NotRunning")
    func notRunning() throws {
      expectSuccess(
        try program(
          """
          async def main():
              async with rnnd.AsyncClient():
                  pass
          for attempt in (rnnd.Client, lambda: asyncio.run(main())):
              try:
                  attempt()
                  raise AssertionError("connected")
              except rnnd.NotRunning as error:
                  assert "rnnd start" in error.hint
          """))
    }

    @Test("Many calls of one asyncio client are under way at once, and each gets its own answer")
    func asynchronous() throws {
      try sandbox.start()
      expectSuccess(
        try program(
          """
          async def main():
              async with rnnd.AsyncClient() as client:
                  answers = await asyncio.gather(
                      *(client.call("ping" if index % 2 else "pnig") for index in range(40)), return_exceptions=True)
                  assert all(isinstance(answer, dict) for answer in answers[1::2]), answers
                  assert all(isinstance(answer, rnnd.CallError) for answer in answers[::2]), answers
          asyncio.run(main())
          """))
    }

    @Test("Threads may share a client")
    func threads() throws {
      try sandbox.start()
      expectSuccess(
        try program(
          """
          from concurrent.futures import ThreadPoolExecutor
          with rnnd.Client() as client, ThreadPoolExecutor(8) as pool:
              assert all(pool.map(lambda _: client.call("ping")["version"], range(100)))
          """))
    }

    @Test("A daemon that goes away raises ConnectionLost")
    func lost() throws {
      let daemon = try sandbox.start()
      expectSuccess(
        try program(
          """
          import os, signal
          client = rnnd.Client()
          client.call("ping")
          os.kill(\(daemon), signal.SIGKILL)
          try:
              while True:
                  client.call("ping")
          except rnnd.ConnectionLost:
              pass
          """))
    }

    @Test(
      "It looks for the socket where rnnd does",
      arguments: [
        ["XDG_RUNTIME_DIR": "/a/b"], ["RNND_SOCKET": "/c/d.sock"], ["XDG_RUNTIME_DIR": "", "XDG_STATE_HOME": "/e"],
        ["XDG_RUNTIME_DIR": "relative", "XDG_STATE_HOME": ""],
      ])
    func socketPath(variables: [String: String]) throws {
      let expected = try sandbox.rnnd("socket", environment: variables).output
      #expect(try program("print(rnnd.socket_path())", environment: variables).output == expected)
    }

    @Test("Names and values reach the wire in their own form")
    func wire() throws {
      expectSuccess(
        try program(
          """
          import json
          line = rnnd._line("m", {"hidden_size": 3, "top-p": 0.5, "text": "é\\n\\"", "none": None}, 7)
          assert line.endswith(b"\\n") and line.count(b"\\n") == 1
          message = json.loads(line)
          assert message["id"] == 7 and message["params"] == {"hiddenSize": 3, "topP": 0.5, "text": "é\\n\\""}, message
          try:
              rnnd._line("m", {"rate": float("nan")})
              raise AssertionError("NaN was sent")
          except ValueError:
              pass
          """))
    }

    @Test("It teaches and asks, with types")
    func teachAndAsk() throws {
      try sandbox.start()
      expectSuccess(
        try program(
          """
          with rnnd.Client() as client:
              for _ in range(30):
                  lesson = client.train_step("the man bites the dog")
              assert lesson["step"] == 30 and lesson["tokens"] == 5, lesson
              words = client.next_word("the man bites the ", limit=2)
              assert words[0]["word"] == "dog" and len(words) == 2, words
              ids = client.tokenize("the man bites the dog")
              assert client.call("detokenize", ids=ids)["text"] == "the man bites the dog"
              assert client.score("the man bites the dog", per_token=True)["perToken"][0]["token"] == "the"
              assert isinstance(client.generate("the man", max_tokens=3, seed=1), str)
              client.notify("train-step", text="the dog bites the man")
          async def main():
              async with rnnd.AsyncClient() as client:
                  words = await client.next_word("the man bites the ")
                  assert words[0]["word"] == "dog", words
          asyncio.run(main())
          """))
    }

    /// A training that would not end by itself while a test runs.
    private static let endless =
      #"dict(text="the man bites the dog\n" * 20000, epochs=10000)"#

    @Test("Progress comes while a training runs; what the callback raises cancels it")
    func progress() throws {
      try sandbox.start()
      expectSuccess(
        try program(
          """
          class Enough(Exception):
              pass
          seen = []
          def report(progress):
              seen.append(progress["loss"])
              if len(seen) == 3:
                  raise Enough
          with rnnd.Client() as client:
              try:
                  client.call("train", on_progress=report, **\(Self.endless))
                  raise AssertionError("ended")
              except Enough:
                  pass
              assert len(seen) == 3
              assert not client.call("describe-model")["training"]
          """))
    }

    @Test("Another thread, a timeout and asyncio each cancel a training, and the connection stays usable")
    func cancelling() throws {
      try sandbox.start()
      expectSuccess(
        try program(
          """
          import threading
          endless = \(Self.endless)
          with rnnd.Client() as client:
              begun = threading.Event()
              threading.Thread(target=lambda: (begun.wait(), client.cancel())).start()
              try:
                  client.call("train", on_progress=lambda _: begun.set(), **endless)
                  raise AssertionError("ended")
              except rnnd.Cancelled as error:
                  assert error.kind == "cancelled"
              try:
                  client.call("train", timeout=0.2, **endless)
                  raise AssertionError("ended")
              except TimeoutError:
                  pass
              assert not client.call("describe-model")["training"]
          async def main():
              async with rnnd.AsyncClient() as client:
                  begun = asyncio.Event()
                  task = asyncio.create_task(client.call("train", on_progress=lambda _: begun.set(), **endless))
                  await begun.wait()
                  task.cancel()
                  try:
                      await task
                      raise AssertionError("ended")
                  except asyncio.CancelledError:
                      pass
                  assert not (await client.call("describe-model"))["training"]
          asyncio.run(main())
          """))
    }
  }
}
