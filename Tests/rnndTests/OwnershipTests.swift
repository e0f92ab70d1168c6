import Foundation
import Glibc
import JSON
import System
import Testing

@testable import rnnd

extension ProcessTests {
  /// Who gets in, and whom a client talks to. Another user is needed for that, so most of it runs only as root.
  @Suite struct OwnershipTests {
    let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    /// Users and a group that every system has, or that need not be in any list.
    private static let (stranger, group): (Int, Int) = (65_534, 100)

    private static let python: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .map { $0 + "/python3" }.first { FileSystem.exists($0) }

    static let canActAsOthers = geteuid() == 0 && python != nil

    /// Runs a Python program as another user, in the given groups.
    private func runAsStranger(_ program: String, groups: [Int] = [], _ path: String) throws -> Sandbox.Outcome {
      let become =
        "import os, socket, sys; os.setgroups(\(groups)); os.setgid(\(Self.stranger)); os.setuid(\(Self.stranger))\n"
      return try sandbox.run(try #require(Self.python), ["-c", become + program, path])
    }

    /// Sends lines and prints what comes back.
    private static let exchange = """
      connection = socket.socket(socket.AF_UNIX)
      connection.connect(sys.argv[1])
      try:
          connection.sendall(b'''{"jsonrpc":"2.0","id":1,"method":"train-step","params":{"text":"the man bites"}}
      {"jsonrpc":"2.0","id":2,"method":"train","params":{"files":["/etc/hostname"]}}
      {"jsonrpc":"2.0","id":3,"method":"shutdown"}
      ''')
          connection.shutdown(socket.SHUT_WR)
      except OSError:
          pass
      for line in connection.makefile(): print(line, end="")
      """

    @Test(
      "A user who comes through all the same is turned away without a word, and counted",
      .enabled(if: canActAsOthers, "needs root and python3"))
    func stranger() throws {
      try sandbox.start()
      for path in [sandbox.home, sandbox.home + "/run", sandbox.home + "/run/rnnd"] { chmod(path, 0o711) }
      let closed = try runAsStranger(Self.exchange, sandbox.socketPath)
      #expect(closed.errors.contains("Permission denied"), "\(closed)")
      // Not even with the socket's own permissions opened.
      chmod(sandbox.socketPath, 0o666)
      for _ in 0..<3 {
        let refused = try runAsStranger(Self.exchange, sandbox.socketPath)
        #expect(refused.output.isEmpty && !refused.errors.contains("Permission denied"), "\(refused)")
      }
      let status = try sandbox.rnnd("status", "--json").json()
      #expect(status["connections"]?["strangers"] == 3)
      #expect(status["models"]?.array?.first?["step"] == 0)
      #expect(sandbox.log.components(separatedBy: "refused a connection of user \(Self.stranger)").count == 2)
    }

    @Test(
      "With --allow-group its members use models and name no files; nobody else comes in",
      .enabled(if: canActAsOthers, "needs root and python3"))
    func allowedGroup() throws {
      chmod(sandbox.home, 0o711)
      let path = sandbox.home + "/shared/d.sock"
      let daemon = try sandbox.launch(
        Sandbox.executable, ["start", "--foreground", "--socket", path, "--allow-group", "\(Self.group)"])
      #expect(eventually { daemon.errors.contains("listening") }, "\(daemon.errors)")
      let (directory, socket) = (
        try FileSystem.status(of: sandbox.home + "/shared"), try FileSystem.status(of: path)
      )
      #expect(directory?.permissions == 0o710 && directory?.groupID == 100)
      #expect(socket?.permissions == 0o660 && socket?.groupID == 100)
      let member = try runAsStranger(Self.exchange, groups: [1, Self.group], path)
      let replies = try member.lines.map { try JSONValue.parse(Array($0.utf8)) }
      #expect(replies.first?["result"]?["step"] == 1, "\(member)")
      #expect(replies.dropFirst().map { $0["error"]?["code"] } == [-32018, -32018], "\(member)")
      let stranger = try runAsStranger(Self.exchange, groups: [1], path)
      #expect(stranger.errors.contains("Permission denied"), "\(stranger)")
      #expect(try sandbox.rnnd("ping", "--socket", path).status == 0)
      daemon.send(SIGTERM)
      #expect(try daemon.outcome().status == 0)
    }

    @Test("A group that can't come to the socket is refused at the start, with the directory in its way")
    func closedDirectory() throws {
      let start = try sandbox.rnnd("start", "--allow-group", "\(Self.group)")
      #expect(start.status != 0)
      #expect(start.errors.contains("does not let them pass"), "\(start.errors)")
      let unknown = try sandbox.rnnd("start", "--allow-group", "no-such-group")
      #expect(unknown.status == ExitCode.usage.rawValue)
      #expect(sandbox.daemonProcessID == nil)
    }

    @Test("A directory that others may write to holds no socket, nor one behind a link to it")
    func openDirectory() throws {
      try FileSystem.createDirectory(sandbox.home + "/open")
      chmod(sandbox.home + "/open", 0o777)
      symlink(sandbox.home + "/open", sandbox.home + "/link")
      for name in ["open", "link"] {
        let start = try sandbox.rnnd("start", "--socket", "\(sandbox.home)/\(name)/d.sock")
        #expect(start.status != 0)
        #expect(start.errors.contains("others may write"), "\(start.errors)")
      }
    }

    @Test(
      "No client sends a byte to another user's daemon, unless that user is named",
      .enabled(if: canActAsOthers, "needs root and python3"))
    func foreignDaemon() throws {
      let path = sandbox.home + "/d.sock"
      for (client, arguments) in [
        (Sandbox.executable, ["ping", "--socket", path]),
        ("/bin/sh", [Sandbox.package + "/clients/rnnd.sh", "-s", path, "ping"]),
        (try #require(Self.python), [Sandbox.package + "/clients/rnnd.py", "--socket", path, "ping"]),
      ] {
        for isNamed in [false, true] {
          let foreign = try sandbox.launch(try #require(Self.python), ["-c", Self.impostor, path])
          #expect(eventually { foreign.output.contains("ready") }, "\(foreign.errors)")
          let outcome = try sandbox.run(
            client, arguments, environment: isNamed ? ["RNND_DAEMON_USER": "\(Self.stranger)"] : [:])
          let found = try foreign.outcome()
          let isSilent = found.output == "ready\nreceived 0\n"
          #expect(isSilent == !isNamed, "\(client): \(found) \(outcome)")
          #expect((outcome.status == ExitCode.notPermitted.rawValue) == !isNamed, "\(client): \(outcome)")
        }
      }
    }

    /// Listens as another user, and tells how many bytes came.
    private static let impostor = """
      import os, socket, sys
      if os.path.exists(sys.argv[1]): os.unlink(sys.argv[1])
      listener = socket.socket(socket.AF_UNIX)
      listener.bind(sys.argv[1])
      os.chown(sys.argv[1], 65534, 65534)
      os.setgroups([]); os.setgid(65534); os.setuid(65534)
      listener.listen()
      print("ready", flush=True)
      listener.settimeout(2)
      try:
          connection, _ = listener.accept()
          connection.settimeout(2)
          print("received", len(connection.recv(1000)), flush=True)
      except OSError:
          print("received 0", flush=True)
      """

    @Test("The memory of the daemon is never written to a core file, nor shown to other programs of the user")
    func memory() throws {
      let daemon = try sandbox.start()
      let limits = try String(contentsOfFile: "/proc/\(daemon)/limits", encoding: .utf8)
      let core = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") })
      #expect(core.split(separator: " ").dropFirst(4).prefix(2) == ["0", "0"], "\(core)")
      // What isn't dumpable belongs to root, whoever runs it.
      #expect(try FileSystem.status(of: "/proc/\(daemon)/mem")?.ownerID == 0)
    }

    @Test("Limits are set by name at the start, and a mistake in one is told before anything starts")
    func limits() throws {
      try sandbox.start("--limit", "batch=2", "connections=7")
      let limits = try sandbox.rnnd("status", "--json").json()["limits"]
      #expect(limits?["batch"] == 2)
      #expect(limits?["connections"] == 7)
      #expect(limits?["nesting"] == 64)
      try sandbox.rnnd("stop")
      for (assignment, expected) in [
        ("btach=2", "did you mean: batch"), ("batch", "expected a whole number"), ("nesting=100000", "4 to 256"),
        ("batch=-1", "expected"), ("lineBytes=99999999999999999999", "expected"), ("=3", "there is no limit"),
      ] {
        let start = try sandbox.rnnd("start", "--limit=\(assignment)")
        #expect(start.status == ExitCode.usage.rawValue)
        #expect(start.errors.contains(expected), "\(start.errors)")
      }
      #expect(sandbox.daemonProcessID == nil)
    }

    @Test("Where few descriptors may be open fewer clients are let in, and models can still be saved")
    func fewDescriptors() throws {
      let daemon = try sandbox.launch(
        "/bin/sh", ["-c", "ulimit -n 64; exec \"$0\" start --foreground", Sandbox.executable])
      #expect(eventually { daemon.errors.contains("listening") }, "\(daemon.errors)")
      #expect(daemon.errors.contains("at most 32 connections"), "\(daemon.errors)")
      var clients: [WireClient] = []
      for _ in 0..<60 { clients.append(try WireClient(sandbox.socketPath)) }
      #expect(clients[0].reply(to: "ping")?["result"] != nil)
      #expect(clients[0].reply(to: "train-step", ["text": "a b"])?["result"]?["step"] == 1)
      #expect(clients[0].reply(to: "save-model", ["name": "default"])?["result"]?["dirty"] == false)
      #expect(clients[59].line()?.contains("connections") == true)
      clients.removeAll()
      daemon.send(SIGTERM)
      #expect(try daemon.outcome().status == 0)
    }
  }
}
