package import JSON

/// The answer to one request.
package struct Reply: Equatable, Sendable {
  package var id: RequestID
  package var outcome: Result<JSONValue, RPCError>

  package init(id: RequestID, outcome: Result<JSONValue, RPCError>) {
    self.id = id
    self.outcome = outcome
  }

  package init(id: RequestID, result: JSONValue) { self.init(id: id, outcome: .success(result)) }

  package init(id: RequestID, error: RPCError) { self.init(id: id, outcome: .failure(error)) }

  /// Adds the message without a line end.
  package func write(to target: inout [UInt8]) {
    target.append(contentsOf: #"{"jsonrpc":"2.0","id":"#.utf8)
    target.append(contentsOf: id.literal)
    switch outcome {
    case .success(let result):
      target.append(contentsOf: #","result":"#.utf8)
      result.write(to: &target)
    case .failure(let error):
      target.append(contentsOf: #","error":"#.utf8)
      error.json.write(to: &target)
    }
    target.append(UInt8(ascii: "}"))
  }

  /// Adds the message with its line end.
  package func writeLine(to target: inout [UInt8]) {
    write(to: &target)
    target.append(0x0A)
  }

  /// Adds the one line that answers a batch; nothing when no element of it is answered.
  package static func writeBatchLine(_ replies: [Reply], to target: inout [UInt8]) {
    guard !replies.isEmpty else { return }
    target.append(UInt8(ascii: "["))
    for (index, reply) in replies.enumerated() {
      if index > 0 { target.append(UInt8(ascii: ",")) }
      reply.write(to: &target)
    }
    target.append(contentsOf: "]\n".utf8)
  }
}
