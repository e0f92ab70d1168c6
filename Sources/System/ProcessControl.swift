import CSystem

/// This process and others, as the system sees them.
package enum ProcessControl {
  package static var processID: Int32 { getpid() }

  /// The effective user.
  package static var userID: UInt32 { geteuid() }
}
