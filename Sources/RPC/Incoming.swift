import JSON

/// What a daemon read from one line.
package enum Incoming: Equatable, Sendable {
  case single(Element)

  /// One element or more, to be answered by one line that holds the replies to those that are answered.
  case batch([Element])

  package enum Element: Equatable, Sendable {
    case request(Request)

    /// No request, or one that must not be carried out. The error is answered to `id`; to nobody when that is nil, as a
    /// notification is not answered even when it is wrong.
    case invalid(RPCError, id: RequestID?)
  }
}

extension Incoming {
  /// Reads a line. Whatever it holds, the result says how to answer it.
  /// - Parameters:
  ///   - depthLimit: how deep the line's arrays and objects may nest.
  ///   - batchLimit: how many elements a batch may have; a longer one is answered by one error.
  package static func decode(_ line: Span<UInt8>, depthLimit: Int = 64, batchLimit: Int = 128) -> Incoming {
    do throws(JSONError) {
      return try read(line, depthLimit: depthLimit, batchLimit: batchLimit)
    } catch {
      return .single(.invalid(.parseError(error), id: .null))
    }
  }

  /// Reads a line if it holds few values and escapes, little but a text: then that takes about as long as to look at its
  /// bytes.
  package static func decodeIfSimple(_ line: Span<UInt8>, depthLimit: Int = 64, batchLimit: Int = 128) -> Incoming? {
    do throws(JSONError) {
      return try read(line, depthLimit: depthLimit, batchLimit: batchLimit, partLimit: simplePartLimit)
    } catch {
      if case .tooManyParts = error { return nil }
      return .single(.invalid(.parseError(error), id: .null))
    }
  }

  /// As many as a line may hold that is so short that nobody asks.
  private static let simplePartLimit = 8 << 10

  private static func read(
    _ line: Span<UInt8>, depthLimit: Int, batchLimit: Int, partLimit: Int = .max
  ) throws(JSONError) -> Incoming {
    try JSONReader.read(line, depthLimit: depthLimit, partLimit: partLimit) { (reader) throws(JSONError) in
      guard reader.peek(in: line) == UInt8(ascii: "[") else { return .single(try element(&reader, line)) }
      return try batch(&reader, line, limit: batchLimit)
    }
  }

  package static func decode(_ line: [UInt8], depthLimit: Int = 64, batchLimit: Int = 128) -> Incoming {
    decode(line.span, depthLimit: depthLimit, batchLimit: batchLimit)
  }

  /// Reads a batch; elements beyond the limit are only counted.
  private static func batch(
    _ reader: inout JSONReader, _ line: Span<UInt8>, limit: Int
  ) throws(JSONError) -> Incoming {
    var elements: [Element] = []
    var count = 0
    _ = try reader.array(in: line) { (reader) throws(JSONError) in
      count += 1
      if count <= limit {
        elements.append(try element(&reader, line))
      } else {
        _ = try reader.value(in: line)
      }
    }
    guard count <= limit else {
      let error = RPCError.limitExceeded(
        "batch", limit: limit, message: "found a batch of \(count) requests, expected at most \(limit)",
        hint: "send several batches, or one request a line")
      return .single(.invalid(error, id: .null))
    }
    guard count > 0 else {
      return .single(.invalid(.invalidRequest("found an empty batch, expected one request or more"), id: .null))
    }
    return .batch(elements)
  }

  /// Reads what should be a request object.
  private static func element(_ reader: inout JSONReader, _ line: Span<UInt8>) throws(JSONError) -> Element {
    guard reader.peek(in: line) == UInt8(ascii: "{") else {
      let value = try reader.value(in: line)
      return .invalid(.invalidRequest("found \(value.kindName), expected a request object"), id: .null)
    }
    var idRange: Range<Int>?
    let object = try reader.object(in: line) { (reader, name) throws(JSONError) in
      let start = reader.position
      let value = try reader.value(in: line)
      if name == "id" { idRange = start..<reader.position }
      return value
    }
    var literal: [UInt8] = []
    if let idRange { literal.append(copying: line.extracting(idRange)) }
    return element(object, idLiteral: literal)
  }

  /// - Parameter idLiteral: the text of the member `id`, when there is one.
  private static func element(_ object: JSONObject, idLiteral: [UInt8]) -> Element {
    var id: RequestID?
    if let value = object["id"] {
      guard let given = RequestID(value, literal: idLiteral) else {
        return .invalid(
          .invalidRequest("found \(value.kindName) as id, expected a string, a number or null"), id: .null)
      }
      id = given
    }
    do {
      return .request(try request(object, id: id))
    } catch {
      // Only a request that is well formed but for its params can be a notification.
      return .invalid(error, id: id ?? (error.code == .invalidParams ? nil : .null))
    }
  }

  private static func request(_ object: JSONObject, id: RequestID?) throws(RPCError) -> Request {
    let version = object["jsonrpc"]
    guard version == "2.0" else {
      let found = version.map { $0.string == nil ? $0.kindName : "another version" } ?? "no member"
      throw .invalidRequest(
        "found \(found) as jsonrpc, expected \"2.0\"", hint: #"every request carries "jsonrpc":"2.0""#)
    }
    guard let method = object["method"]?.string else {
      let found = object["method"]?.kindName ?? "no member"
      throw .invalidRequest("found \(found) as method, expected the name of a call as a string")
    }
    switch object["params"] {
    case nil: return Request(id: id, method: method)
    case .object(let params): return Request(id: id, method: method, params: params)
    case .array:
      throw .invalidParams(
        path: nil, "found an array as params, expected an object", hint: #"params are named, as in {"text":"…"}"#)
    case let other?:
      throw .invalidRequest(
        "found \(other.kindName) as params, expected an object", hint: "leave params out when there are none")
    }
  }
}
