import CSystem

/// Starts a program in the background, in a session of its own, and waits until it says that it is ready.
///
/// The program starts in `/` with nothing open but its log (or nothing) as standard streams and one descriptor more,
/// `ReadinessReport.descriptorNumber`, through which it reports.
package struct DetachedProcess: Equatable, Sendable {
  package let processID: Int32

  /// Starts `executable` and returns when it has reported that it is ready.
  ///
  /// - Parameters:
  ///   - arguments: without the program's own name. Paths in them must be absolute.
  ///   - logPath: where its output goes, appended, 0600; nil for nowhere.
  ///   - timeoutMilliseconds: how long it may take.
  /// - Throws: `notReady` with what it reported or how it ended; `timedOut`, when it has been told to end.
  package static func start(
    _ executable: String, arguments: [String], logPath: String? = nil, timeoutMilliseconds: Int = 30_000
  ) throws(SystemError) -> DetachedProcess {
    let pipe = try Pipe()
    let processID = try spawn(executable, arguments: arguments, logPath: logPath, report: pipe.writing)
    let reading = try pipe.reading.duplicate()
    // Only the process may hold the other end now, so that its end is seen.
    pipe.close()
    let report = try readReport(from: reading, deadline: Deadline(afterMilliseconds: timeoutMilliseconds))
    guard let report else {
      try? ProcessControl.send(.terminate, to: processID)
      if waitForEnd(of: processID) == nil {
        try? ProcessControl.kill(processID)
        _ = waitForEnd(of: processID)
      }
      throw .timedOut(operation: "starting \(executable)", milliseconds: timeoutMilliseconds)
    }
    if report == ReadinessReport.readyLine { return DetachedProcess(processID: processID) }
    let ending = waitForEnd(of: processID) ?? "it is not known how"
    let message = String(decoding: report, as: UTF8.self)
    throw .notReady(message: message.isEmpty ? "it ended before it was ready (\(ending))" : message)
  }

  static func spawn(
    _ executable: String, arguments: [String], logPath: String?, report: borrowing FileDescriptor
  ) throws(SystemError) -> Int32 {
    // Above the numbers that they become, so that none is overwritten before its turn.
    let lowest: Int32 = 10
    let input = try openForSpawn("/dev/null", flags: O_RDONLY).duplicate(lowest: lowest)
    let outputFlags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NOCTTY
    let output = try openForSpawn(logPath ?? "/dev/null", flags: outputFlags).duplicate(lowest: lowest)
    let report = try report.duplicate(lowest: lowest)
    let (inputNumber, outputNumber) = (input.descriptorNumber, output.descriptorNumber)
    let reportNumber = report.descriptorNumber
    var processID: Int32 = 0
    var words: [UnsafeMutablePointer<CChar>?] = unsafe ([executable] + arguments).map { unsafe strdup($0) }
    unsafe words.append(nil)
    defer { for index in unsafe words.indices { unsafe free(words[index]) } }
    try callReturningError("start \(executable)") {
      unsafe rnnd_spawn(&processID, executable, words, inputNumber, outputNumber, reportNumber)
    }
    return processID
  }

  private static func openForSpawn(_ path: String, flags: Int32) throws(SystemError) -> FileDescriptor {
    FileDescriptor(owning: try call("open", path: path) { unsafe rnnd_open(path, flags, 0o600) })
  }

  /// Everything that the process reports, nil when the time is over first. It ends when the process closes its end.
  private static func readReport(
    from reading: borrowing FileDescriptor, deadline: Deadline
  ) throws(SystemError) -> [UInt8]? {
    var report: [UInt8] = []
    while report.count < 1 << 16, report != ReadinessReport.readyLine {
      guard try reading.waitUntilReadable(timeoutMilliseconds: Int(deadline.remainingMilliseconds)) else { return nil }
      if try reading.read(atMost: 4096, appendingTo: &report) == .endOfFile { break }
    }
    return report
  }

  /// Gives a process that is about to end two seconds for it, and says how it ended; nil when it did not.
  private static func waitForEnd(of processID: Int32) -> String? {
    let deadline = Deadline(afterMilliseconds: 2000)
    var status: Int32 = 0
    while !deadline.hasPassed {
      guard let ended = try? call("wait for process", { unsafe waitpid(processID, &status, WNOHANG) }) else {
        return nil
      }
      if ended == processID {
        let signal = rnnd_ending_signal(status)
        return signal == 0 ? "exit status \(rnnd_exit_code(status))" : "signal \(signal)"
      }
      _ = rnnd_poll_one(-1, 0, 2)
    }
    return nil
  }
}

/// How a process in the background tells the one that started it that it is ready, or why it will not be.
package struct ReadinessReport: ~Copyable {
  /// Where the started process finds its end.
  package static var descriptorNumber: Int32 { 3 }

  static let readyLine = Array("ready\n".utf8)

  private let descriptor: FileDescriptor

  /// Takes over the descriptor that `DetachedProcess` passes. Call it once, before anything else opens files.
  ///
  /// - Throws: when that descriptor is not the pipe that it should be.
  package init() throws(SystemError) {
    var found = stat()
    let number = Self.descriptorNumber
    try call("find the readiness pipe") { unsafe fstat(number, &found) }
    guard FileKind(mode: found.st_mode) == .fifo else {
      throw .call(operation: "find the readiness pipe", errno: EBADF, path: nil)
    }
    try call("keep the readiness pipe") { rnnd_set_close_on_exec(number) }
    descriptor = FileDescriptor(owning: number)
  }

  /// Says that clients can connect.
  package consuming func ready() { try? descriptor.writeAll(Self.readyLine.span) }

  /// Says in a sentence why it will never be ready.
  package consuming func failed(_ message: String) { try? descriptor.writeAll(Array(message.utf8).span) }
}
