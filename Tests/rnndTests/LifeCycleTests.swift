import Foundation
import Glibc
import JSON
import System
import Testing

@testable import rnnd

extension ProcessTests {
  /// The real process over a real socket.
  @Suite struct LifeCycleTests {
    let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    @Test("After start a client can connect at once; after stop the daemon has ended and its socket is gone")
    func startAndStop() throws {
      let start = try sandbox.rnnd("start")
      #expect(start.status == 0, "\(start.errors)")
      #expect(start.output.contains("rnnd next-word"))
      let daemon = try #require(sandbox.daemonProcessID)
      #expect(try sandbox.rnnd("ping", "--json").json()["version"]?.string?.isEmpty == false)
      #expect(try sandbox.rnnd("status", "--json").json()["pid"] == JSONValue(daemon))
      let stop = try sandbox.rnnd("stop")
      #expect(stop.status == 0)
      #expect(stop.output == "rnnd has stopped\n")
      #expect(sandbox.daemonProcessID == nil)
      #expect(!FileSystem.exists(sandbox.socketPath))
    }

    @Test("The socket and everything beside it belong to the user alone")
    func privacy() throws {
      try sandbox.start()
      let files = try #require(FileManager.default.enumerator(atPath: sandbox.home)).compactMap { $0 as? String }
      #expect(files.contains("run/rnnd/rnnd.sock"))
      for file in files where !file.hasSuffix(".in") && !file.hasSuffix(".out") && !file.hasSuffix(".err") {
        let attributes = try FileManager.default.attributesOfItem(atPath: sandbox.home + "/" + file)
        let permissions = try #require(attributes[.posixPermissions] as? Int)
        #expect(permissions & 0o077 == 0, "\(file) has \(String(permissions, radix: 8))")
      }
    }

    @Test("Starting a second time says so, changes nothing and is no failure")
    func startTwice() throws {
      let daemon = try sandbox.start()
      let second = try sandbox.rnnd("start")
      #expect(second.status == 0)
      #expect(second.output.contains("running already (process \(daemon))"))
      #expect(sandbox.daemonProcessID == daemon)
    }

    @Test("Of several starts at once one makes the daemon, and all come back when it answers")
    func startTogether() throws {
      let starts = try (0..<4).map { _ in try sandbox.launch(Sandbox.executable, ["start"]) }
      let outcomes = try starts.map { try $0.outcome() }
      #expect(outcomes.allSatisfy { $0.status == 0 }, "\(outcomes)")
      #expect(outcomes.count { $0.output.hasPrefix("rnnd is running (") } == 1)
      #expect(try sandbox.rnnd("ping").status == 0)
    }

    @Test("A second daemon in the foreground on the same socket is refused, with who holds it")
    func secondInstance() throws {
      let daemon = try sandbox.start()
      let second = try sandbox.rnnd("start", "--foreground")
      #expect(second.status == ExitCode.tryAgain.rawValue)
      #expect(second.errors.contains("\(daemon)"))
      #expect(second.errors.contains("rnnd stop"))
      #expect(try sandbox.rnnd("ping").status == 0)
    }

    @Test("After kill -9 the socket that was left is replaced")
    func staleSocket() throws {
      let daemon = try sandbox.start()
      kill(daemon, SIGKILL)
      #expect(eventually { sandbox.daemonProcessID == nil })
      #expect(FileSystem.exists(sandbox.socketPath))
      let ping = try sandbox.rnnd("ping")
      #expect(ping.status == ExitCode.unavailable.rawValue)
      #expect(ping.errors.contains("rnnd start"))
      #expect(try sandbox.start() != daemon)
      #expect(try sandbox.rnnd("ping").status == 0)
    }

    @Test("In the foreground it logs to standard error, and a signal ends it cleanly", arguments: [SIGTERM, SIGINT])
    func foreground(signal: Int32) throws {
      let daemon = try sandbox.launch(Sandbox.executable, ["start", "--foreground"])
      #expect(eventually { daemon.errors.contains("listening") })
      #expect(try sandbox.rnnd("ping").status == 0)
      daemon.send(signal)
      let outcome = try daemon.outcome()
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.errors.contains("stopped"))
      #expect(!FileSystem.exists(sandbox.socketPath))
    }

    @Test("Half a line and gone costs nobody else anything")
    func halfLine() throws {
      let daemon = try sandbox.start()
      do {
        let socket = try UnixSocket.connect(to: sandbox.socketPath)
        try socket.writeAll(Array(#"{"jsonrpc":"2.0","id":1,"meth"#.utf8).span)
        #expect(try sandbox.rnnd("ping").status == 0)
      }
      #expect(try sandbox.rnnd("ping").status == 0)
      let lines = try sandbox.exchange(#"{"jsonrpc":"2.0","id":1,"meth"#)
      #expect(lines.count == 1)
      #expect(lines.first?.contains("-32700") == true)
      #expect(sandbox.daemonProcessID == daemon)
    }

    @Test("A client that half-closes gets all answers, in order, also for a last line without an end")
    func halfClose() throws {
      try sandbox.start()
      let requests = (1...20).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"ping"}"# }
      let lines = try sandbox.exchange(requests.joined(separator: "\n"))
      #expect(try lines.map { try JSONValue.parse(Array($0.utf8))["id"]?.int } == (1...20).map { $0 })
    }

    @Test("Two clients are answered each its own, however their lines are cut")
    func twoClients() throws {
      try sandbox.start()
      let first = try UnixSocket.connect(to: sandbox.socketPath)
      let second = try UnixSocket.connect(to: sandbox.socketPath)
      let lines = ["first", "second"].map { Array(#"{"jsonrpc":"2.0","id":"\#($0)","method":"ping"}"#.utf8) + [10] }
      for index in 0..<max(lines[0].count, lines[1].count) {
        if index < lines[0].count { try first.writeAll([lines[0][index]].span) }
        if index < lines[1].count { try second.writeAll([lines[1][index]].span) }
      }
      #expect(try Self.line(from: first).contains(#""id":"first""#))
      #expect(try Self.line(from: second).contains(#""id":"second""#))
    }

    private static func line(from socket: borrowing UnixSocket) throws -> String {
      var bytes: [UInt8] = []
      while !bytes.contains(10), try socket.waitUntilReadable(timeoutMilliseconds: 30_000) {
        if case .endOfFile = try socket.read(atMost: 1 << 16, appendingTo: &bytes) { break }
      }
      return String(decoding: bytes, as: UTF8.self)
    }

    @Test("Without a daemon, verbs say how to start one")
    func notRunning() throws {
      let ping = try sandbox.rnnd("ping")
      #expect(ping.status == ExitCode.unavailable.rawValue)
      #expect(ping.errors == "rnnd: rnnd is not running\n  start it with: rnnd start\n")
      let stop = try sandbox.rnnd("stop")
      #expect(stop.status == 0)
      #expect(stop.output == "rnnd is not running\n")
    }

    @Test("What stands in the socket's place and is none is left alone")
    func noSocket() throws {
      let path = sandbox.home + "/notes.txt"
      try Data("precious".utf8).write(to: URL(fileURLWithPath: path))
      let start = try sandbox.rnnd("start", "--socket", path)
      #expect(start.status != 0)
      #expect(start.errors.contains("notes.txt"))
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    }

    @Test("A start that fails says why, and leaves no process")
    func failedStart() throws {
      try FileSystem.createDirectory(sandbox.home + "/open")
      chmod(sandbox.home + "/open", 0o777)
      let start = try sandbox.rnnd("start", "--data", sandbox.home + "/open")
      #expect(start.status != 0)
      #expect(start.errors.contains("did not start"))
      #expect(start.errors.contains("/open"))
      #expect(sandbox.daemonProcessID == nil)
    }

    @Test("A socket's path that is too long is refused with the limit")
    func longPath() throws {
      let path = sandbox.home + "/" + String(repeating: "x", count: 120)
      let start = try sandbox.rnnd("start", "--socket", path)
      #expect(start.status != 0)
      #expect(start.errors.contains("107"), "\(start.errors)")
    }

    @Test("Restart ends the old daemon and starts another")
    func restart() throws {
      let first = try sandbox.start()
      let restart = try sandbox.rnnd("restart")
      #expect(restart.status == 0, "\(restart.errors)\(sandbox.log)")
      let second = try #require(sandbox.daemonProcessID)
      #expect(second != first)
      #expect(try sandbox.rnnd("ping").status == 0)
    }

    @Test("The socket's path is the same for every verb: flag, then variable, then the runtime directory")
    func socketPaths() throws {
      #expect(try sandbox.rnnd("socket").output == sandbox.socketPath + "\n")
      #expect(try sandbox.rnnd("socket", environment: ["RNND_SOCKET": "/a/b.sock"]).output == "/a/b.sock\n")
      #expect(
        try sandbox.rnnd("socket", "--socket", "c.sock", environment: ["RNND_SOCKET": "/a/b.sock"]).output
          == sandbox.home + "/c.sock\n")
    }
  }
}
