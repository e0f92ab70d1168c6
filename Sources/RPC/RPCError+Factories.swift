package import JSON

// One factory a code of the protocol, or more where the same mistake has several faces. Names that a client sent are
// repeated only where they look like names.

// MARK: - JSON-RPC's own

extension RPCError {
  /// A line that is no JSON text. Nesting beyond the limit has a code of its own, as every limit.
  package static func parseError(_ error: JSONError) -> RPCError {
    if case .nestingTooDeep(let limit, let offset) = error {
      return limitExceeded("nesting", limit: limit, message: "\(error)", data: ["offset": JSONValue(offset)])
    }
    return RPCError(
      .parseError, "\(error)", hint: "a message is one line of JSON, strictly by RFC 8259, in UTF-8",
      data: ["offset": JSONValue(error.offset)])
  }

  package static func invalidRequest(_ message: String, hint: String? = nil) -> RPCError {
    RPCError(.invalidRequest, message, hint: hint)
  }

  /// - Parameter known: the names of all calls, for the hint.
  package static func methodNotFound(_ name: String, among known: some Sequence<String>) -> RPCError {
    RPCError(
      .methodNotFound, "found no call named \(quoted(name))",
      hint: didYouMean(name, among: known) ?? "rpc.discover lists the calls")
  }

  /// - Parameter path: the parameter, from the params' root: `text`, `ids[3]`, `optimizer.betas`.
  package static func invalidParams(path: String?, _ message: String, hint: String? = nil) -> RPCError {
    RPCError(.invalidParams, message, hint: hint, path: path)
  }

  package static func missingParameter(_ path: String, expected: String) -> RPCError {
    invalidParams(path: path, "found no \(path), expected \(expected)")
  }

  /// - Parameter known: the names of the call's parameters, for the hint.
  package static func unknownParameter(_ name: String, among known: some Sequence<String>) -> RPCError {
    let names = Array(known)
    let list = names.isEmpty ? "this call takes no params" : "this call takes \(names.joined(separator: ", "))"
    return RPCError(
      .invalidParams, "found an unknown parameter \(quoted(name))", hint: didYouMean(name, among: names) ?? list,
      path: looksLikeName(name) ? name : nil)
  }

  /// - Parameter expected: with its article: `a string`, `a whole number from 1 to 100`.
  package static func wrongType(_ path: String, found: JSONValue, expected: String) -> RPCError {
    invalidParams(path: path, "found \(found.kindName) as \(path), expected \(expected)")
  }

  package static func internalError(_ message: String) -> RPCError {
    RPCError(.internalError, message, hint: "this is a defect of the daemon; its log may say more")
  }

  package static func cancelled() -> RPCError {
    RPCError(.cancelled, "the request was cancelled; nothing that it computed was kept")
  }
}

// MARK: - Models

extension RPCError {
  /// - Parameter known: the names of all models, for the hint.
  package static func modelNotFound(_ name: String, among known: some Sequence<String>) -> RPCError {
    RPCError(
      .modelNotFound, "found no model named \(quoted(name))",
      hint: didYouMean(name, among: known) ?? "list-models lists the models, create-model makes one")
  }

  package static func modelExists(_ name: String) -> RPCError {
    RPCError(
      .modelExists, "found a model named \(quoted(name)) already, expected a new name",
      hint: "choose another name, or delete that model first")
  }

  package static func tokenOutOfRange(_ token: String, path: String, vocabularySize: Int) -> RPCError {
    RPCError(
      .tokenOutOfRange, "found token \(token), expected 0 to \(vocabularySize - 1)",
      hint: "tokenize gives the model's ids", path: path, data: ["vocabularySize": JSONValue(vocabularySize)])
  }

  /// A lesson that was meant for a model at another step.
  package static func stepMismatch(found: Int, expected: Int) -> RPCError {
    RPCError(
      .stepMismatch, "found the model at step \(found), expected \(expected); nothing was taught",
      hint: "read the model's step anew, and decide again", path: "ifStep", data: ["step": JSONValue(found)])
  }

  /// - Parameter quantity: what was not finite: `the loss`, `the gradient`.
  package static func diverged(_ quantity: String) -> RPCError {
    RPCError(
      .diverged, "\(quantity) was not finite; the step was not applied",
      hint: "teach with a smaller learningRate or a clipNorm")
  }
}

// MARK: - Files and limits

extension RPCError {
  /// - Parameter operation: what failed, with its reason: `could not write the model: no space left on device`.
  package static func storage(_ operation: String, errno: Int32, path: String? = nil, hint: String? = nil) -> RPCError {
    RPCError(
      .storage, operation, hint: hint ?? "the model is as it was before; try again when the cause is gone", path: path,
      data: ["errno": JSONValue(errno)])
  }

  /// - Parameters:
  ///   - file: which one, within the model's directory, where that is known.
  ///   - offset: from which byte on it is damaged.
  package static func corruptFile(
    _ message: String, path: String? = nil, hint: String? = nil, file: String? = nil, offset: Int? = nil
  ) -> RPCError {
    var data = JSONObject()
    data["file"] = file.map(JSONValue.string)
    data["offset"] = offset.map { JSONValue($0) }
    return RPCError(.corruptFile, message, hint: hint, path: path, data: data)
  }

  /// - Parameters:
  ///   - name: the limit's name: `line`, `batch`, `nesting`, `connections`, `waitingRequests`, `unreadReplies`.
  ///   - message: what was found, if the name and the limit do not say enough.
  package static func limitExceeded(
    _ name: String, limit: Int, found: Int? = nil, message: String? = nil, hint: String? = nil, data: JSONObject = [:]
  ) -> RPCError {
    let amount = found.map(String.init) ?? "more than \(limit)"
    var details: JSONObject = ["limit": .string(name), "maximum": JSONValue(limit)]
    for member in data.members { details[member.name] = member.value }
    return RPCError(
      .limitExceeded, message ?? "found \(amount) for the limit \(name), expected at most \(limit)", hint: hint,
      data: details)
  }

  /// A line longer than the framer takes.
  package static func lineTooLong(limit: Int) -> RPCError {
    limitExceeded(
      "line", limit: limit, message: "found a line of more than \(limit) bytes, expected at most \(limit)",
      hint: "send long texts in parts, or as files to train and evaluate")
  }

  /// What only the daemon's owner may have done.
  package static func notPermitted(_ message: String, path: String? = nil, hint: String? = nil) -> RPCError {
    RPCError(.notPermitted, message, hint: hint ?? "ask the daemon's owner, or run a daemon of your own", path: path)
  }

  package static func busy(_ message: String, hint: String = "try again when earlier requests are answered") -> RPCError
  {
    RPCError(.busy, message, hint: hint)
  }

  package static func shuttingDown() -> RPCError {
    RPCError(.shuttingDown, "the daemon is stopping and takes no new requests", hint: "start it again and repeat")
  }
}

// MARK: - Names in messages

extension RPCError {
  private static func didYouMean(_ name: String, among known: some Sequence<String>) -> String? {
    nearest(name, among: known).map { "did you mean \"\($0)\"?" }
  }

  /// The name in quotation marks, or its length when it could be a text sent in the wrong place.
  private static func quoted(_ name: String) -> String {
    looksLikeName(name) ? "\"\(name)\"" : "that (of \(name.utf8.count) bytes)"
  }

  private static func looksLikeName(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
          UInt8(ascii: "/"), UInt8(ascii: "$"):
          true
        default: false
        }
      }
  }
}
