import JSON
import RPC

extension Call {
  static let ping = Call(
    "ping", summary: "Answers at once, to show that the daemon is there.",
    result: [ResultField("version", "The daemon's version."), ResultField("protocol", "The protocol's version.")]
  ) { (_) async throws(RPCError) in ["version": .string(Version.daemon), "protocol": .string(Version.wireProtocol)] }
}
