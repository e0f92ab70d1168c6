import JSON

extension Call {
  static let cancelRequest = Call(
    "$/cancelRequest", summary: "Cancels a request of this connection at once, whatever waits before it.",
    discussion: """
      The cancelled request is still answered, with the code -32800. A request that is answered already, or was never \
      made, is no error. Usually sent as a notification.
      """,
    parameters: [CancelRequest.id.parameter], positional: ["id"], result: [], example: ["id": 7]
  ) { _ in
    // The connection acted on it when the line came in, ahead of what waits.
    [:]
  }
}

private enum CancelRequest {
  static let id = Field.value(required: "id", "The id of the request to cancel.")
}
