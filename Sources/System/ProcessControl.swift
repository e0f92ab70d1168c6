import CSystem

/// This process and others, as the system sees them.
package enum ProcessControl {
  package static var processID: Int32 { getpid() }

  /// The effective user.
  package static var userID: UInt32 { geteuid() }

  /// The path of the program that runs, by the system's own knowledge, not by its name.
  package static func executablePath() throws(SystemError) -> String {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = try call("find own executable") {
      unsafe bytes.withUnsafeMutableBytes { unsafe rnnd_executable_path($0.baseAddress, $0.count) }
    }
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }

  /// Whether a process runs (or has ended, but nobody has asked how). One of another user counts too.
  package static func isAlive(_ processID: Int32) -> Bool {
    guard processID > 0 else { return false }
    return rnnd_send_signal(processID, 0) == 0 || rnnd_errno() == EPERM
  }

  /// Sends a signal to a process.
  package static func send(_ signal: Signal, to processID: Int32) throws(SystemError) {
    try signalProcess(processID, number: signal.number)
  }

  /// Ends a process that does not end when asked to.
  package static func kill(_ processID: Int32) throws(SystemError) {
    try signalProcess(processID, number: SIGKILL)
  }

  private static func signalProcess(_ processID: Int32, number: Int32) throws(SystemError) {
    // Zero and less would mean whole groups of processes.
    guard processID > 0 else { throw .call(operation: "send a signal", errno: ESRCH, path: nil) }
    try call("send a signal") { rnnd_send_signal(processID, number) }
  }

  /// Sees to it that the memory of this process, with the user's text in it, is never written to a core file and cannot
  /// be read by the user's other programs.
  package static func disableCoreDumps() throws(SystemError) {
    try call("refuse core files") { rnnd_refuse_core_files() }
    try call("refuse core dumps") { rnnd_refuse_dumps() }
  }

  /// Raises the number of descriptors that may be open towards `wanted`, as far as is allowed.
  ///
  /// - Returns: the number that may be open from now on.
  @discardableResult
  package static func raiseDescriptorLimit(to wanted: Int) throws(SystemError) -> Int {
    Int(try call("raise limit of open files") { rnnd_raise_descriptor_limit(Int64(wanted)) })
  }

  /// How many descriptors may be open.
  package static var descriptorLimit: Int { Int(rnnd_descriptor_limit()) }
}
