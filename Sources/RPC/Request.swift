package import JSON

/// One call that a client asks for.
package struct Request: Equatable, Sendable {
  /// Nil for a notification, which is not answered.
  package var id: RequestID?

  package var method: String

  /// Empty when the client sent none.
  package var params: JSONObject

  package init(id: RequestID?, method: String, params: JSONObject = [:]) {
    self.id = id
    self.method = method
    self.params = params
  }

  /// Adds the message with its line end.
  package func writeLine(to target: inout [UInt8]) {
    target.append(contentsOf: #"{"jsonrpc":"2.0""#.utf8)
    if let id {
      target.append(contentsOf: #","id":"#.utf8)
      target.append(contentsOf: id.literal)
    }
    target.append(contentsOf: #","method":"#.utf8)
    JSONValue.write(string: method, to: &target)
    if !params.isEmpty {
      target.append(contentsOf: #","params":"#.utf8)
      params.write(to: &target)
    }
    target.append(contentsOf: "}\n".utf8)
  }
}
