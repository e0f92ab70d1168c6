import JSON
import RPC
import System

/// On whose behalf a connection asks.
enum Visitor: Sendable {
  /// The user whose daemon this is, or root.
  case owner
  /// A member of the group that is let in: may use and teach models, but neither stop the daemon nor have it read or
  /// write files in the owner's name, nor delete what the owner has taught.
  case member

  /// Who connected; nil for whom the daemon doesn't serve.
  ///
  /// - Parameter group: whose members are let in beside the owner.
  static func identify(
    _ socket: borrowing UnixSocket, allowing group: UInt32?
  ) throws(SystemError) -> Visitor? {
    let user = try socket.peerCredentials().userID
    if user == ProcessControl.userID || user == 0 { return .owner }
    guard let group, try socket.peerIsMember(of: group) else { return nil }
    return .member
  }

  /// Refuses what only the owner may ask for.
  ///
  /// - Throws: not-permitted.
  func check(_ call: Call, _ params: JSONObject) throws(RPCError) {
    guard case .member = self else { return }
    if call.isOwners { throw .notPermitted("only the daemon's owner may call \(call.name)") }
    for parameter in call.parameters where parameter.kind.namesFile && params[parameter.name] != nil {
      throw .notPermitted(
        "only the daemon's owner may name files, as \(parameter.name) does", path: parameter.name,
        hint: "send the text itself")
    }
  }
}
