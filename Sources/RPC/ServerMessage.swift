package import JSON

/// What a client read from one line.
package enum ServerMessage: Equatable, Sendable {
  case reply(Reply)
  case batch([Reply])

  /// A message that answers nothing, such as `$/progress`.
  case notification(method: String, params: JSONObject)
}

/// Why a line is no message of a daemon: it speaks another protocol, or has a defect.
package enum ServerMessageError: Error, Equatable, Sendable {
  case notJSON(JSONError)

  /// What was found, and what was expected.
  case notAMessage(String)
}

extension ServerMessage {
  /// Reads a line that a daemon sent.
  package static func decode(_ line: [UInt8]) throws(ServerMessageError) -> ServerMessage {
    let value: JSONValue
    do {
      value = try JSONValue.parse(line, depthLimit: JSONReader.greatestDepthLimit)
    } catch {
      throw .notJSON(error)
    }
    if case .array(let elements) = value {
      var replies: [Reply] = []
      for element in elements { replies.append(try reply(element)) }
      return .batch(replies)
    }
    guard value["id"] == nil, let method = value["method"]?.string else { return .reply(try reply(value)) }
    guard let params = (value["params"] ?? .object([:])).object else {
      throw .notAMessage("found a notification whose params are no object")
    }
    return .notification(method: method, params: params)
  }

  /// Adds a notification with its line end.
  package static func writeNotification(method: String, params: JSONObject, to target: inout [UInt8]) {
    Request(id: nil, method: method, params: params).writeLine(to: &target)
  }

  private static func reply(_ value: JSONValue) throws(ServerMessageError) -> Reply {
    guard value["jsonrpc"] == "2.0" else {
      throw .notAMessage("found a message without \"jsonrpc\":\"2.0\", expected JSON-RPC 2.0")
    }
    guard let id = value["id"].flatMap({ RequestID($0) }) else {
      throw .notAMessage("found a reply without an id, expected a string, a number or null")
    }
    switch (value["result"], value["error"]) {
    case (let result?, nil): return Reply(id: id, result: result)
    case (nil, let error?): return Reply(id: id, error: try self.error(error))
    default: throw .notAMessage("found a reply with both or neither of result and error, expected one of them")
    }
  }

  private static func error(_ value: JSONValue) throws(ServerMessageError) -> RPCError {
    guard let code = value["code"]?.int, let message = value["message"]?.string else {
      throw .notAMessage("found an error without a code or a message, expected both")
    }
    return RPCError(code: ErrorCode(rawValue: code), message: message, receivedData: value["data"]?.object ?? [:])
  }
}
