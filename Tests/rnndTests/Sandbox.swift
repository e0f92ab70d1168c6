import Foundation
import Glibc
import JSON
import RPC
import System
import Testing

/// A home of a test's own, in which the built `rnnd` runs as a process. Whatever daemon is left in it is ended with it.
final class Sandbox: Sendable {
  let home: String
  let socketPath: String

  init() throws {
    home = "/tmp/rnnd-test-\(UUID().uuidString.prefix(8).lowercased())"
    socketPath = home + "/run/rnnd/rnnd.sock"
    for directory in ["", "/run"] { try FileSystem.createDirectory(home + directory) }
  }

  deinit {
    if let daemon = FileLock.holder(of: socketPath + ".lock") { try? ProcessControl.kill(daemon) }
    try? FileSystem.removeTree(home)
  }

  /// The executable that was built along with the tests.
  static let executable: String = {
    let tests = (try? ProcessControl.executablePath()) ?? ""
    return FileSystem.join(FileSystem.parent(of: tests) ?? "", "rnnd")
  }()

  /// The root of the package, where `clients/` is.
  static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  var environment: [String: String] {
    var variables = ProcessInfo.processInfo.environment
    for name in ["RNND_SOCKET", "NO_COLOR", "COLUMNS", "RNND_TRANSPORT"] { variables[name] = nil }
    variables["HOME"] = home
    variables["XDG_RUNTIME_DIR"] = home + "/run"
    variables["XDG_DATA_HOME"] = home + "/data"
    variables["XDG_STATE_HOME"] = home + "/state"
    variables["PATH"] = (variables["PATH"] ?? "/usr/bin:/bin")
    return variables
  }

  struct Outcome {
    var status: Int32
    var output: String
    var errors: String

    var lines: [String] { output.split(separator: "\n").map(String.init) }

    func json() throws -> JSONValue { try JSONValue.parse(Array(output.utf8)) }
  }

  /// Runs `rnnd` with these words to its end.
  @discardableResult
  func rnnd(_ arguments: String..., input: String = "", environment more: [String: String] = [:]) throws -> Outcome {
    try run(Self.executable, arguments, input: input, environment: more)
  }

  /// Runs a program to its end, which is brought about after three minutes.
  func run(
    _ program: String, _ arguments: [String], input: String = "", environment more: [String: String] = [:]
  ) throws -> Outcome {
    let process = try launch(program, arguments, input: input, environment: more)
    return try process.outcome()
  }

  /// Starts a program and does not wait.
  func launch(
    _ program: String, _ arguments: [String], input: String = "", environment more: [String: String] = [:]
  ) throws -> RunningProcess {
    let files = home + "/" + UUID().uuidString
    return try RunningProcess(
      program, arguments, input: input, environment: environment.merging(more) { $1 }, directory: home, files: files)
  }

  /// The daemon that holds the socket, as its lock says.
  var daemonProcessID: Int32? { FileLock.holder(of: socketPath + ".lock") }

  /// Starts a daemon in the background.
  @discardableResult
  func start(_ arguments: String...) throws -> Int32 {
    let outcome = try run(Self.executable, ["start"] + arguments)
    #expect(outcome.status == 0, "start: \(outcome.errors)\(log)")
    return try #require(daemonProcessID)
  }

  var log: String { (try? String(contentsOfFile: home + "/state/rnnd/rnnd.log", encoding: .utf8)) ?? "" }

  /// Sends bytes over a connection of its own, half-closes it, and returns the lines that come back.
  func exchange(_ text: String) throws -> [String] {
    let socket = try UnixSocket.connect(to: socketPath)
    try socket.writeAll(Array(text.utf8).span)
    try socket.shutdownWrite()
    var bytes: [UInt8] = []
    while try socket.waitUntilReadable(timeoutMilliseconds: 30_000) {
      if case .endOfFile = try socket.read(atMost: 1 << 16, appendingTo: &bytes) { break }
    }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}

/// A process that a test has started, its output in files, so that a full pipe holds nothing up.
final class RunningProcess {
  let processID: Int32
  private let files: String

  init(
    _ program: String, _ arguments: [String], input: String, environment: [String: String], directory: String,
    files: String
  ) throws {
    self.files = files
    try Data(input.utf8).write(to: URL(fileURLWithPath: files + ".in"))
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, files + ".in", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, files + ".out", O_WRONLY | O_CREAT, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, files + ".err", O_WRONLY | O_CREAT, 0o600)
    // Threads of test runners block signals, and a child inherits that.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var noSignals = sigset_t()
    sigemptyset(&noSignals)
    posix_spawnattr_setsigmask(&attributes, &noSignals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let words = ["/bin/sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh", directory, program] + arguments
    var argv = words.map { strdup($0) } + [nil]
    var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var processID: pid_t = 0
    let error = posix_spawn(&processID, "/bin/sh", &actions, &attributes, &argv, &envp)
    guard error == 0 else { throw POSIXError(POSIXErrorCode(rawValue: error) ?? .EINVAL) }
    self.processID = processID
  }

  var output: String { (try? String(contentsOfFile: files + ".out", encoding: .utf8)) ?? "" }
  var errors: String { (try? String(contentsOfFile: files + ".err", encoding: .utf8)) ?? "" }

  func send(_ signal: Int32) { kill(processID, signal) }

  /// Whether it has ended; it still has to be waited for.
  var hasEnded: Bool {
    var information = siginfo_t()
    return waitid(P_PID, id_t(processID), &information, WEXITED | WNOHANG | WNOWAIT) == 0
      && information._sifields._kill.si_pid == processID
  }

  /// Waits for its end, at most three minutes (sanitizers are slow); a signal's number counts from 128 on, as in a shell.
  func outcome() throws -> Sandbox.Outcome {
    var status: Int32 = 0
    let hasEnded = eventually(seconds: 180) { waitpid(processID, &status, WNOHANG) == processID }
    if !hasEnded {
      kill(processID, SIGKILL)
      waitpid(processID, &status, 0)
    }
    let signal = status & 0x7F
    return Sandbox.Outcome(status: signal == 0 ? (status >> 8) & 0xFF : 128 + signal, output: output, errors: errors)
  }
}

/// The tests with processes run one after the other: each has several, and a machine may have few cores.
@Suite(.serialized) enum ProcessTests {}

/// Waits until something holds, at most half a minute.
func eventually(seconds: Int = 30, _ condition: () throws -> Bool) rethrows -> Bool {
  let deadline = Deadline(afterMilliseconds: seconds * 1_000)
  while !deadline.hasPassed {
    if try condition() { return true }
    usleep(2_000)
  }
  return false
}
