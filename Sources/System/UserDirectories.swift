import CSystem

/// Where this user's things are, after the XDG base directory specification.
///
/// `variable` looks a variable up: the process's own, unless a test has others.
package enum UserDirectories {
  package typealias Lookup = (String) -> String?

  /// The user's home: `$HOME`, else as the system's user database has it.
  ///
  /// - Throws: when neither says.
  package static func home(_ variable: Lookup = Environment.value) throws(SystemError) -> String {
    if let home = absolutePath(variable("HOME")) { return home }
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
  package static func data(_ variable: Lookup = Environment.value) throws(SystemError) -> String {
    try directory(variable("XDG_DATA_HOME"), orInHome: ".local/share", variable)
  }

  /// Where logs are kept: `$XDG_STATE_HOME/rnnd`, else `~/.local/state/rnnd`.
  package static func state(_ variable: Lookup = Environment.value) throws(SystemError) -> String {
    try directory(variable("XDG_STATE_HOME"), orInHome: ".local/state", variable)
  }

  /// Where the socket of a daemon is if nobody says otherwise: `$XDG_RUNTIME_DIR/rnnd`; else `/run/user/UID/rnnd` if
  /// the system has made that for this user; else `run` in `state()`. All of them are in directories that nobody but
  /// the user can write to: never in `/tmp`, where another could have been first.
  package static func runtime(_ variable: Lookup = Environment.value) throws(SystemError) -> String {
    if let runtime = absolutePath(variable("XDG_RUNTIME_DIR")) { return FileSystem.join(runtime, "rnnd") }
    let usual = "/run/user/\(ProcessControl.userID)"
    if (try? FileSystem.verifyPrivateDirectory(usual)) != nil { return FileSystem.join(usual, "rnnd") }
    return FileSystem.join(try state(variable), "run")
  }

  /// The path of the daemon's socket: the one given, else `$RNND_SOCKET`, else `rnnd.sock` in `runtime()`.
  package static func socketPath(
    given: String? = nil, _ variable: Lookup = Environment.value
  ) throws(SystemError) -> String {
    if let path = given ?? variable("RNND_SOCKET") { return try FileSystem.absolute(path) }
    return FileSystem.join(try runtime(variable), "rnnd.sock")
  }

  private static func directory(
    _ named: String?, orInHome usual: String, _ variable: Lookup
  ) throws(SystemError) -> String {
    let base = if let named = absolutePath(named) { named } else { FileSystem.join(try home(variable), usual) }
    return FileSystem.join(base, "rnnd")
  }

  /// A path that is absolute; the specification wants relative ones ignored.
  private static func absolutePath(_ value: String?) -> String? {
    value.flatMap { $0.utf8.first == UInt8(ascii: "/") ? $0 : nil }
  }
}
