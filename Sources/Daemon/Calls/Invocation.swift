import JSON
import LanguageModel
import RPC
import System

/// One request at work: what it asks for, on whose behalf, and whether it still wants to be answered.
struct Invocation: Sendable {
  let service: Service
  let session: Session
  let params: CheckedParams
  let cancellation: Cancellation
  /// Whether a reply is awaited; a notification's outcome is nobody's.
  let isNotification: Bool
  /// Sends `$/progress` to the client; nil unless the request asked for it.
  let progress: ProgressSink?

  subscript<Value>(field: Field<Value>) -> Value {
    get throws(RPCError) { try field.read(from: params) }
  }
}

/// Where the progress of one request goes.
typealias ProgressSink = @EventLoop (JSONObject) -> Void

/// What a connection remembers between its requests.
@EventLoop
final class Session {
  /// Who is at the other end.
  nonisolated let visitor: Visitor
  private var carried: [String: (model: ObjectIdentifier, state: CarryState)] = [:]

  nonisolated init(of visitor: Visitor) { self.visitor = visitor }

  /// Where the last carrying lesson on a model ended; nil when there was none since it came into memory.
  func carry(of model: Model) -> CarryState? {
    guard let last = carried[model.name], last.model == ObjectIdentifier(model) else { return nil }
    return last.state
  }

  func setCarry(_ state: CarryState, of model: Model) { carried[model.name] = (ObjectIdentifier(model), state) }
}
