import CSystem

/// The variables that the process was started with.
package enum Environment {
  /// A variable's value; nil when it is not set, empty, or not UTF-8.
  package static func value(_ name: String) -> String? {
    guard let found = unsafe getenv(name), let text = unsafe String(validatingCString: found), !text.isEmpty else {
      return nil
    }
    return text
  }
}
