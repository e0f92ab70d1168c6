/// What this daemon calls itself.
package enum Version {
  package static let daemon = "0.1.0"
  /// The version of the wire protocol; it changes when a client could break.
  package static let wireProtocol = "1"
}
