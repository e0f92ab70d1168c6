package import JSON
import RPC
package import System

/// A connection to the daemon that sends one request at a time and waits for its answer.
///
/// Before anything is sent it is certain that the daemon is this user's own, or root's, or that of the user whom
/// `$RNND_DAEMON_USER` names. Not for use by several threads.
package final class RPCConnection {
  package let path: String
  private let socket: UnixSocket
  private var framer = LineFramer(lineByteLimit: RPCConnection.replyByteLimit)
  private var received: [UInt8] = []
  private var lastID = 0

  /// As many bytes as the daemon holds back for a client that does not read, with room to spare.
  private static let replyByteLimit = 64 << 20

  /// Connects to the daemon that listens at a path.
  ///
  /// - Parameter trustedUser: whose daemon may answer beside this user's and root's, as name or number; nil for nobody's.
  /// - Throws: `notRunning`, `unreachable` or `notTrusted`.
  package init(
    connectingTo path: String, trusting trustedUser: String? = Environment.value("RNND_DAEMON_USER")
  ) throws(ClientError) {
    self.path = path
    do throws(SystemError) {
      let socket = try UnixSocket.connect(to: path)
      let owner = try socket.peerCredentials().userID
      self.socket = socket
      let trusted = [ProcessControl.userID, 0, trustedUser.flatMap(UserDatabase.userID)]
      if !trusted.contains(owner) { throw .notPrivate(path: path, reason: String(owner)) }
    } catch .notPrivate(_, let owner) {
      throw .notTrusted(path: path, userID: UInt32(owner) ?? .max)
    } catch {
      throw error.meansNobodyListens ? .notRunning(path: path) : .unreachable(path: path, error)
    }
  }

  /// The process that listens.
  package func daemonProcessID() throws(ClientError) -> Int32 {
    do {
      return try socket.peerCredentials().processID
    } catch {
      throw .unreachable(path: path, error)
    }
  }

  /// Calls a method and waits for its result.
  ///
  /// - Parameters:
  ///   - watcher: the first of its signals cancels the call in the daemon, the next one stops the waiting.
  ///   - onInterruption: told of the first signal.
  ///   - onProgress: asks for progress, and is given the value of each report.
  /// - Throws: `refused` with the daemon's error, a cancelled call's included; `interrupted` after a second signal.
  package func call(
    _ method: String, _ params: JSONObject = [:], interruptedBy watcher: SignalWatcher? = nil,
    onInterruption: () -> Void = {}, onProgress: ((JSONObject) -> Void)? = nil
  ) throws(ClientError) -> JSONValue {
    lastID += 1
    let id = RequestID(lastID)
    var params = params
    if onProgress != nil { params["progress"] = true }
    try send(Request(id: id, method: method, params: params))
    var isCancelled = false
    let arrival = try watcher.map { watcher throws(ClientError) in try Arrival(on: socket, watcher: watcher, path: path)
    }
    while true {
      while let message = try nextMessage() {
        switch message {
        case .reply(let reply) where reply.id == id || reply.id == .null:
          switch reply.outcome {
          case .success(let result): return result
          case .failure(let error): throw .refused(error)
          }
        case .notification("$/progress", let params) where params["id"] == id.value:
          if let value = params["value"]?.object { onProgress?(value) }
        case .reply, .notification: break
        case .batch: throw .badReply("found a batch of replies, expected one reply")
        }
      }
      if let arrival, try arrival.wait() == .signal {
        if isCancelled { throw .interrupted }
        isCancelled = true
        onInterruption()
        try cancel(id)
      } else {
        try receive()
      }
    }
  }

  /// Sends without asking for an answer.
  package func notify(_ method: String, _ params: JSONObject = [:]) throws(ClientError) {
    try send(Request(id: nil, method: method, params: params))
  }

  // MARK: Lines

  private func cancel(_ id: RequestID) throws(ClientError) {
    try notify("$/cancelRequest", ["id": id.value])
  }

  private func send(_ request: Request) throws(ClientError) {
    var line: [UInt8] = []
    request.writeLine(to: &line)
    do {
      try socket.writeAll(line.span)
    } catch {
      throw error.isDisconnection ? .connectionLost : .unreachable(path: path, error)
    }
  }

  /// The next message that has come in whole.
  private func nextMessage() throws(ClientError) -> ServerMessage? {
    switch framer.next() {
    case nil: return nil
    case .tooLong: throw .badReply("found a line over \(Self.replyByteLimit) bytes")
    case .line(let line):
      do {
        return try ServerMessage.decode(line)
      } catch {
        switch error {
        case .notJSON: throw .badReply("found a line that is no JSON")
        case .notAMessage(let found): throw .badReply(found)
        }
      }
    }
  }

  private func receive() throws(ClientError) {
    received.removeAll(keepingCapacity: true)
    let outcome: ReadOutcome
    do {
      outcome = try socket.read(atMost: 1 << 16, appendingTo: &received)
    } catch {
      throw error.isDisconnection ? .connectionLost : .unreachable(path: path, error)
    }
    if case .endOfFile = outcome { throw .connectionLost }
    framer.append(received)
  }
}
