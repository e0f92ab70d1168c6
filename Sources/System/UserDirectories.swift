import CSystem

/// Where this user's things are, after the XDG base directory specification.
package enum UserDirectories {
  /// The user's home: `$HOME`, else as the system's user database has it.
  ///
  /// - Throws: when neither says.
  package static func home() throws(SystemError) -> String {
    if let home = absoluteValue("HOME") { return home }
    guard let entry = unsafe getpwuid(ProcessControl.userID), let directory = unsafe entry.pointee.pw_dir else {
      throw .call(operation: "find the home directory ($HOME is not set)", errno: ENOENT, path: nil)
    }
    let home = unsafe String(cString: directory)
    guard home.utf8.first == UInt8(ascii: "/") else {
      throw .call(operation: "find the home directory ($HOME is not set)", errno: ENOENT, path: nil)
    }
    return home
  }

  /// Where models are kept: `$XDG_DATA_HOME/rnnd`, else `~/.local/share/rnnd`.
  package static func data() throws(SystemError) -> String {
    try directory("XDG_DATA_HOME", orInHome: ".local/share")
  }

  /// Where logs are kept: `$XDG_STATE_HOME/rnnd`, else `~/.local/state/rnnd`.
  package static func state() throws(SystemError) -> String {
    try directory("XDG_STATE_HOME", orInHome: ".local/state")
  }

  /// Where the socket of a daemon is if nobody says otherwise: `$XDG_RUNTIME_DIR/rnnd`; else `/run/user/UID/rnnd` if
  /// the system has made that for this user; else `run` in `state()`. All of them are in directories that nobody but
  /// the user can write to: never in `/tmp`, where another could have been first.
  package static func runtime() throws(SystemError) -> String {
    if let runtime = absoluteValue("XDG_RUNTIME_DIR") { return FileSystem.join(runtime, "rnnd") }
    let usual = "/run/user/\(ProcessControl.userID)"
    if (try? FileSystem.verifyPrivateDirectory(usual)) != nil { return FileSystem.join(usual, "rnnd") }
    return FileSystem.join(try state(), "run")
  }

  /// The path of the daemon's socket: the one given, else `$RNND_SOCKET`, else `rnnd.sock` in `runtime()`.
  package static func socketPath(given: String? = nil) throws(SystemError) -> String {
    if let path = given ?? Environment.value("RNND_SOCKET") { return try FileSystem.absolute(path) }
    return FileSystem.join(try runtime(), "rnnd.sock")
  }

  private static func directory(_ variable: String, orInHome usual: String) throws(SystemError) -> String {
    let base = if let named = absoluteValue(variable) { named } else { FileSystem.join(try home(), usual) }
    return FileSystem.join(base, "rnnd")
  }

  /// A variable's path; the specification wants relative ones ignored.
  private static func absoluteValue(_ name: String) -> String? {
    Environment.value(name).flatMap { $0.utf8.first == UInt8(ascii: "/") ? $0 : nil }
  }
}
