import JSON
import RPC

extension Call {
  static let shutdown = Call(
    "shutdown", summary: "Stops the daemon: what was received is answered, models are saved, then it ends.",
    discussion: "Long training is cancelled between two updates and keeps what it has learned.", result: [],
    isOwners: true, afterHangUp: .isFinished
  ) { (invocation) async throws(RPCError) in
    invocation.service.stopRequested()
    return [:]
  }
}
