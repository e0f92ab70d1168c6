import Daemon
import Foundation
import JSON
import RPC
import Testing

/// The README shows every call, and shows none that the daemon would refuse.
@Suite struct ReadmeTests {
  private let text: String

  init() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    text = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
  }

  /// The requests that are shown, as the daemon would decode them.
  private func requests() -> [Request] {
    text.split(separator: "\n").filter { $0.contains(#""method":"#) }.compactMap { line in
      // In a shell example the request stands in single quotes.
      let request = line.split(separator: "'").first { $0.hasPrefix("{") } ?? line
      guard case .single(.request(let decoded)) = Incoming.decode(Array(request.utf8)) else {
        Issue.record("not a request: \(line)")
        return nil
      }
      return decoded
    }
  }

  @Test("every call of the table is explained with an example on the command line and on the socket")
  func completeness() {
    let shown = Set(requests().map(\.method))
    for call in CallTable.all where call.name != "$/cancelRequest" {
      #expect(text.contains("| `\(call.name)` |"), "\(call.name) is not in a table")
      #expect(shown.contains(call.name), "\(call.name) has no request")
    }
  }

  @Test("every request shown names a call and parameters that there are")
  func correctness() throws {
    let requests = requests()
    #expect(requests.count > 20)
    for request in requests where !request.method.hasPrefix("$/") {
      let call = try #require(CallTable.call(named: request.method), "\(request.method)")
      let known = Set(call.parameters.map(\.name))
      for name in request.params.names { #expect(known.contains(name), "\(request.method): \(name)") }
    }
  }

  @Test("every error code is listed with its kind")
  func errors() {
    for code in ErrorCode.documented {
      #expect(text.contains("\(code.rawValue)"), "\(code)")
      #expect(text.contains("`\(code.kind)`"), "\(code)")
    }
  }
}
