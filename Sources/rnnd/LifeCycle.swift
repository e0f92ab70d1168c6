import Client
import Daemon
import JSON
import LanguageModel
import RPC
import System

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Starting and stopping the daemon.
struct LifeCycle {
  let socketPath: String
  let dataDirectory: String
  let logLevel: LogLevel
  let durability: Durability
  /// The group whose members may connect; nil for none.
  let allowedGroup: UInt32?
  let limits: Limits
  /// The flag by which a daemon in the background is given the same limits.
  private let limitArguments: [String]
  let console: Console
  private let arguments: ParsedArguments

  /// How long a stopping daemon may take: its drain, and saving models of any size.
  private static let stopMilliseconds = 120_000
  /// How long to wait between two looks at a lock, which nobody tells of.
  private static let lookMicroseconds: UInt32 = 2_000

  init(_ arguments: ParsedArguments, console: Console) throws(Failure) {
    self.arguments = arguments
    self.console = console
    socketPath = try arguments.socketPath()
    logLevel = arguments.text("log-level").flatMap(LogLevel.init) ?? .info
    durability = arguments.text("durable").flatMap(Durability.init) ?? .fsync
    allowedGroup = try Self.group(arguments.text("allow-group"))
    let assignments = arguments["limit"]?.array?.compactMap(\.string) ?? []
    limits = try Self.limits(assignments)
    limitArguments = assignments.isEmpty ? [] : ["--limit"] + assignments
    do throws(SystemError) {
      let given = arguments.text("data")
      dataDirectory = if let given { try FileSystem.absolute(given) } else { try UserDirectories.data() }
    } catch { throw Failure(error) }
  }

  private static func group(_ given: String?) throws(Failure) -> UInt32? {
    guard let given else { return nil }
    guard let group = UserDatabase.groupID(of: given) else {
      throw Failure(.usage, "there is no group '\(given)'", hint: "groups of yours: id -Gn")
    }
    return group
  }

  /// The usual limits but for what the assignments, `NAME=VALUE`, say.
  static func limits(_ assignments: [String]) throws(Failure) -> Limits {
    var limits = Limits()
    for assignment in assignments {
      let (name, value) = (assignment.prefix { $0 != "=" }, assignment.drop { $0 != "=" }.dropFirst())
      guard let limit = NamedLimit.all.first(where: { $0.name == name }) else {
        let names = NamedLimit.all.map(\.name)
        throw Failure(
          .usage, "there is no limit '\(name)'",
          hint: nearest(String(name), among: names).map { "did you mean: \($0)" } ?? names.joined(separator: ", "))
      }
      guard let number = Int(value), limit.range.contains(number) else {
        let range = "\(limit.range.lowerBound) to \(limit.range.upperBound)"
        throw Failure(.usage, "found '\(value)' as the limit \(name), expected a whole number from \(range)")
      }
      limits[keyPath: limit.keyPath] = number
    }
    return limits
  }

  // MARK: Start

  /// Starts the daemon in the background and returns when it answers.
  func start() throws(Failure) {
    if let connection = try runningDaemon() {
      let process = (try? connection.daemonProcessID()).map { " (process \($0))" } ?? ""
      return try console.print(["rnnd is running already\(process) at \(socketPath)"])
    }
    do throws(Failure) {
      let process = try launch()
      try console.print(["rnnd is running (process \(process.processID))", ""] + nextSteps())
    } catch {
      // Another start may have been first: then the daemon is there, or will be in a moment.
      guard error.code == .unavailable, try otherDaemonAnswers() else { throw error }
      try console.print(["rnnd is running already at \(socketPath)"])
    }
  }

  /// Waits for the daemon that holds the socket's lock, if one does, to answer or to give up.
  private func otherDaemonAnswers() throws(Failure) -> Bool {
    let deadline = Deadline(afterMilliseconds: 10_000)
    while FileLock.isHeld(lockPath), !deadline.hasPassed {
      if try runningDaemon() != nil { return true }
      usleep(Self.lookMicroseconds)
    }
    return false
  }

  /// Held by the daemon as long as it lives.
  private var lockPath: String { socketPath + ".lock" }

  /// A connection to the daemon that runs, nil when none does.
  private func runningDaemon() throws(Failure) -> RPCConnection? {
    do throws(ClientError) {
      return try RPCConnection(connectingTo: socketPath)
    } catch {
      if case .notRunning = error { return nil }
      throw Failure(error)
    }
  }

  private func launch() throws(Failure) -> DetachedProcess {
    do throws(SystemError) {
      let log = try Self.logPath()
      return try DetachedProcess.start(
        try ProcessControl.executablePath(),
        arguments: [
          LocalVerb.start.rawValue, "--foreground", LocalVerb.readinessFlag, "--socket", socketPath, "--data",
          dataDirectory,
          "--log-level", logLevel.rawValue, "--durable", durability.rawValue,
        ] + limitArguments + (allowedGroup.map { ["--allow-group", String($0)] } ?? []), logPath: log)
    } catch .notReady(let message) {
      let log = (try? Self.logPath()) ?? "standard error"
      throw Failure(.unavailable, "rnnd did not start: \(message)", hint: "its log: \(log)")
    } catch {
      throw Failure(error)
    }
  }

  private static func logPath() throws(SystemError) -> String {
    let directory = try UserDirectories.state()
    try FileSystem.createDirectory(directory, withParents: true)
    return FileSystem.join(directory, "rnnd.log")
  }

  /// What to try, as it can be typed here: with the program's whole path where the shell would not find it.
  private func nextSteps() -> [String] {
    let path = (try? ProcessControl.executablePath()) ?? "rnnd"
    let directories = (Environment.value("PATH") ?? "").split(separator: ":")
    let isFound = directories.contains { FileSystem.exists(FileSystem.join(String($0), "rnnd")) }
    let directory = FileSystem.parent(of: path) ?? "."
    let hint = isFound ? [] : ["  export PATH=\"\(directory):$PATH\"     # so that the shell finds rnnd"]
    return ["Try next:"] + hint + [
      "  rnnd train-step \"the man bites the dog\"", "  rnnd next-word \"the man bites the\"",
      "  rnnd train notes/*.md --epochs 5", "  rnnd help",
    ]
  }

  /// Is the daemon, until it is told to end.
  func serve(reportingReadiness: Bool) throws(Failure) {
    let readiness = Readiness()
    do throws(SystemError) {
      if reportingReadiness { try readiness.open() }
      try ProcessControl.disableCoreDumps()
      let log = Log(logLevel) { try? StandardStream.error.write($0) }
      var configuration = DaemonConfiguration(
        socketPath: socketPath, dataDirectory: dataDirectory, allowedGroup: allowedGroup, limits: limits, log: log)
      configuration.durability = durability
      let ending = try Daemon.run(configuration, ready: { readiness.isReady() })
      if ending == .unsaved {
        throw SystemError.notReady(message: "not everything that was taught could be saved")
      }
    } catch {
      let failure = Self.failure(of: error)
      readiness.failed([failure.message, failure.hint].compactMap(\.self).joined(separator: "; "))
      throw failure
    }
  }

  private static func failure(of error: SystemError) -> Failure {
    switch error {
    case .notReady(let message): Failure(.storage, message)
    case .addressInUse(let path): Failure(.tryAgain, "another daemon listens at \(path)", hint: "stop it: rnnd stop")
    case .locked(let path, let holder):
      Failure(
        .tryAgain, "another daemon\(holder.map { " (process \($0))" } ?? "") holds \(path)",
        hint: "stop it with rnnd stop, or name another directory with --data")
    default: Failure(error)
    }
  }

  // MARK: Stop

  /// Stops the daemon and returns when it has ended.
  func stop() throws(Failure) {
    guard let connection = try runningDaemon() else {
      return try console.print(["rnnd is not running"])
    }
    try stop(connection)
    try console.print(["rnnd has stopped"])
  }

  func restart() throws(Failure) {
    if let connection = try runningDaemon() { try stop(connection) }
    try start()
  }

  private func stop(_ connection: RPCConnection) throws(Failure) {
    do throws(ClientError) {
      _ = try connection.call("shutdown")
      let deadline = Deadline(afterMilliseconds: Self.stopMilliseconds)
      while FileLock.isHeld(lockPath) {
        if deadline.hasPassed {
          throw ClientError.unreachable(
            path: socketPath, .timedOut(operation: "stopping", milliseconds: Self.stopMilliseconds))
        }
        usleep(Self.lookMicroseconds)
      }
    } catch { throw Failure(error) }
  }
}
