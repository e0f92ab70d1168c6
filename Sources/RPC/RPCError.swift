package import JSON

/// The `error` member of a reply: a code, a sentence and what a program can act on.
package struct RPCError: Error, Equatable, Sendable {
  package let code: ErrorCode

  /// One sentence in lower case without a full stop: what was found and what was expected. Never the user's text.
  package let message: String

  /// Always has `kind`; often `hint` (what to do), `path` (which parameter), and what the code's factory adds.
  package let data: JSONObject

  package init(_ code: ErrorCode, _ message: String, hint: String? = nil, path: String? = nil, data: JSONObject = [:]) {
    self.code = code
    self.message = message
    var all: JSONObject = ["kind": .string(code.kind)]
    all["path"] = path.map(JSONValue.string)
    all["hint"] = hint.map(JSONValue.string)
    for member in data.members { all[member.name] = member.value }
    self.data = all
  }

  /// As a client received it, `data` untouched.
  init(code: ErrorCode, message: String, receivedData data: JSONObject) {
    self.code = code
    self.message = message
    self.data = data
  }

  package var kind: String { data["kind"]?.string ?? code.kind }

  package var hint: String? { data["hint"]?.string }

  package var path: String? { data["path"]?.string }

  /// The `error` member's value.
  package var json: JSONObject {
    ["code": JSONValue(code.rawValue), "message": .string(message), "data": .object(data)]
  }
}
