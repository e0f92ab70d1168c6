import Daemon
import JSON
import RPC

/// A line holds requests that survive being sent again, or is answered with an error that is one line of JSON. Params
/// are accepted or refused with a path.
enum RequestsFuzzing {
  static func violation(_ bytes: [UInt8]) -> String? {
    guard !bytes.contains(10) else { return nil }
    let incoming = Incoming.decode(bytes, depthLimit: 16, batchLimit: 8)
    if let simple = Incoming.decodeIfSimple(bytes.span, depthLimit: 16, batchLimit: 8), simple != incoming {
      return "a line that is read in two ways"
    }
    switch incoming {
    case .single(let element): return violation(element)
    case .batch(let elements):
      guard (1...8).contains(elements.count) else { return "a batch of \(elements.count)" }
      return elements.lazy.compactMap(violation).first
    }
  }

  private static func violation(_ element: Incoming.Element) -> String? {
    switch element {
    case .invalid(let error, let id): return violation(error, id ?? .null)
    case .request(let request):
      var line: [UInt8] = []
      request.writeLine(to: &line)
      guard line.last == 10, Incoming.decode(line.dropLast(), depthLimit: 16) == .single(.request(request)) else {
        return "a request that doesn't survive being sent"
      }
      guard let call = CallTable.call(named: request.method) else {
        return violation(.methodNotFound(request.method, among: CallTable.all.map(\.name)), request.id ?? .null)
      }
      do throws(RPCError) { try call.check(request.params) } catch {
        guard error.kind == "invalid-params" else { return "params were refused as \(error.kind)" }
        return violation(error, request.id ?? .null)
      }
      return nil
    }
  }

  private static func violation(_ error: RPCError, _ id: RequestID) -> String? {
    var line: [UInt8] = []
    Reply(id: id, error: error).writeLine(to: &line)
    guard line.last == 10, !line.dropLast().contains(10), let reply = try? JSONValue.parse(Array(line.dropLast())),
      reply["error"]?["data"]?["kind"]?.string == error.kind, reply["id"] == id.value
    else { return "an error that is no line of JSON" }
    return nil
  }
}

extension Incoming {
  fileprivate static func decode(_ line: ArraySlice<UInt8>, depthLimit: Int) -> Incoming {
    decode(Array(line), depthLimit: depthLimit)
  }
}
