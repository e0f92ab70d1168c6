import JSON
import System

/// A daemon of the benchmark's own, with a directory of its own, beside a bare echo. Both end with it.
final class DaemonUnderTest {
  let socket: String
  let echoSocket: String
  /// On the disk on which the user's own models would be, as syncs cost what that disk takes.
  let data: String
  private let executable: String
  private let sockets: String
  private var daemon: DetachedProcess?
  private let echo: DetachedProcess
  /// A benchmark that is told to end takes its daemon along.
  private let signals: SignalWatcher

  init(executable: String) throws(BenchmarkError) {
    do throws(SystemError) {
      signals = try SignalWatcher()
      let name = "bench-\(ProcessControl.processID)"
      sockets = FileSystem.join(try UserDirectories.runtime(), name)
      data = FileSystem.join(try UserDirectories.data(), name)
      try FileSystem.createDirectory(sockets, withParents: true)
      try FileSystem.createDirectory(data, withParents: true)
      socket = FileSystem.join(sockets, "rnnd.sock")
      echoSocket = FileSystem.join(sockets, "echo.sock")
      self.executable = executable
      echo = try DetachedProcess.start(executable, arguments: ["bench", "--echo-at", echoSocket])
    } catch {
      throw .system(error)
    }
  }

  deinit {
    for process in [daemon, echo] {
      if let process { try? ProcessControl.send(.terminate, to: process.processID) }
    }
    for directory in [sockets, data] { try? FileSystem.removeTree(directory) }
  }

  /// - Throws: `interrupted` when this process has been told to end.
  func checkInterruption() throws(BenchmarkError) {
    guard let received = try? signals.received(), received.isEmpty else { throw .interrupted }
  }

  /// The running daemon's process.
  var processID: Int32 { daemon?.processID ?? 0 }

  /// Where daemon and echo run beside their client: the calling thread.
  struct Placement {
    let title: String
    /// The cores of daemon and echo, and those of their client; nil where the system doesn't let anybody choose.
    fileprivate let cores: (servers: CoreSet, client: CoreSet)?
  }

  /// On one core, and on two where the machine has them; as it falls where the system doesn't let anybody choose.
  static var placements: [Placement] {
    guard let all = try? CoreSet.ofThisThread(), (try? all.holdThisThread()) != nil, let first = all.only(0) else {
      return [Placement(title: "as it falls", cores: nil)]
    }
    let together = Placement(title: "one core", cores: (first, first))
    return [together] + (all.only(1).map { [Placement(title: "two cores", cores: (first, $0))] } ?? [])
  }

  /// Keeps daemon, echo and the calling thread where they are to be as long as `body` runs.
  func place(_ placement: Placement, during body: () throws(BenchmarkError) -> Void) throws(BenchmarkError) {
    guard let cores = placement.cores, let all = try? CoreSet.ofThisThread() else { return try body() }
    let servers = [processID, echo.processID]
    defer {
      try? all.holdThisThread()
      for server in servers { try? all.hold(process: server) }
    }
    do throws(SystemError) {
      for server in servers { try cores.servers.hold(process: server) }
      try cores.client.holdThisThread()
    } catch {
      throw .system(error)
    }
    try body()
  }

  /// Starts the daemon and connects to it.
  func start() throws(BenchmarkError) -> Exchange {
    do {
      daemon = try DetachedProcess.start(
        executable, arguments: ["start", "--foreground", "--report-readiness", "--socket", socket, "--data", data])
    } catch {
      throw .system(error)
    }
    return try Exchange(connectingTo: socket)
  }

  /// Tells the daemon to end and waits until it has closed the connection, which is the last that it does.
  func stop(_ client: inout Exchange) throws(BenchmarkError) {
    do {
      try ProcessControl.send(.terminate, to: processID)
    } catch {
      throw .system(error)
    }
    daemon = nil
    try client.waitForEnd()
  }

  /// Runs the command line from its start to its end.
  func run(_ verb: [String]) throws(BenchmarkError) {
    do {
      try DetachedProcess.run(executable, arguments: verb + ["--socket", socket])
    } catch {
      throw .system(error)
    }
  }
}
