import Foundation
import JSON
import System
import Testing

@testable import Daemon

@Suite("The table of calls", .timeLimit(.minutes(2)))
struct CallTableTests {
  @Test("has every call of the protocol once")
  func names() {
    let names = CallTable.all.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(
      Set(names) == [
        "tokenize", "detokenize", "train-step", "next-word", "generate", "score", "gradient-flow", "train", "evaluate",
        "create-model", "load-model", "import-model", "export-model", "save-model", "unload-model", "delete-model",
        "copy-model", "list-models", "describe-model", "status", "ping", "shutdown", "rpc.discover", "$/cancelRequest",
      ])
  }

  @Test("documents every call, parameter and result field", arguments: CallTable.all)
  func documentation(of call: Call) {
    #expect(call.summary.hasSuffix("."))
    for parameter in call.parameters { #expect(parameter.documentation.hasSuffix("."), "\(parameter.name)") }
    for field in call.result { #expect(!field.documentation.isEmpty, "\(field.name)") }
    for name in call.positional + call.alternatives.flatMap(\.names) {
      #expect(call.parameters.contains { $0.name == name }, "\(name) is no parameter")
    }
    let parameterNames = call.parameters.map(\.name)
    #expect(Set(parameterNames).count == parameterNames.count)
    #expect(throws: Never.self) { try call.check(call.example) }
  }

  @Test("has examples that work as written, with the result that is documented")
  func examples() async throws {
    try await withDaemon { harness in
      let client = try harness.client()
      for call in CallTable.all where call.name != "shutdown" {
        // Where the reference says /home/me, the test has a home of its own.
        if call.name == "import-model" {
          _ = try await client.call(
            "export-model", ["name": "default", "path": .string(harness.home("models/default"))])
        }
        if call.name == "delete-model" { _ = try await client.call("copy-model", ["name": "default", "to": "spare"]) }
        let reply = try await client.reply(to: call.name, harness.atHome(call.example))
        guard let result = reply["result"]?.object else {
          Issue.record("\(call.name): \(reply)")
          continue
        }
        for field in call.result where field.isAlwaysThere {
          #expect(result[field.name] != nil, "\(call.name) lacks \(field.name)")
        }
        for name in result.names where call.name != "rpc.discover" {
          #expect(call.result.contains { $0.name == name }, "\(call.name) has \(name), which is not documented")
        }
        if call.name == "delete-model" { _ = try await client.call("copy-model", ["name": "spare", "to": "default"]) }
      }
    }
  }

  @Test("is what rpc.discover answers")
  func discovery() async throws {
    try await withDaemon { harness in
      let methods = try await harness.client().call("rpc.discover")["methods"]?.array ?? []
      #expect(methods.map { $0["name"]?.string } == CallTable.all.map(\.name))
      for (method, call) in zip(methods, CallTable.all) {
        let parameters = method["params"]?.array ?? []
        #expect(parameters.map { $0["name"]?.string } == call.parameters.map(\.name))
        #expect(parameters.map { $0["required"]?.bool } == call.parameters.map(\.isRequired))
      }
    }
  }
}

extension Call: CustomTestStringConvertible {
  public var testDescription: String { name }
}
