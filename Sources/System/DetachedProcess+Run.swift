import CSystem

extension DetachedProcess {
  /// Runs a program to its end, with nothing as its standard streams.
  ///
  /// - Throws: `notReady` when it ends with another status than 0.
  package static func run(_ executable: String, arguments: [String]) throws(SystemError) {
    let pipe = try Pipe()
    let processID = try spawn(executable, arguments: arguments, logPath: nil, report: pipe.writing)
    let reading = try pipe.reading.duplicate()
    // Only the process may hold the other end now: its end closes it.
    pipe.close()
    var bytes: [UInt8] = []
    while try reading.read(atMost: 4096, appendingTo: &bytes) != .endOfFile {}
    var status: Int32 = 0
    try call("wait for process") { unsafe waitpid(processID, &status, 0) }
    let (signal, code) = (rnnd_ending_signal(status), rnnd_exit_code(status))
    guard signal == 0, code == 0 else {
      throw .notReady(message: "\(executable) ended with \(signal == 0 ? "exit status \(code)" : "signal \(signal)")")
    }
  }
}
