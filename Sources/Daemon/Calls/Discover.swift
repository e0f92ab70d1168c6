package import JSON

extension Call {
  static let discover = Call(
    "rpc.discover", summary: "Describes every call as an OpenRPC document.",
    result: [
      ResultField("openrpc", "The version of the OpenRPC specification."),
      ResultField("info", "Title and version."),
      ResultField("methods", "The calls: names, params with JSON schemas, results, examples."),
    ]
  ) { _ in CallTable.openRPC }
}

extension CallTable {
  /// The table of calls as an OpenRPC document.
  package static let openRPC: JSONValue = [
    "openrpc": "1.3.2",
    "info": [
      "title": "rnnd", "version": .string(Version.daemon),
      "description": "Recurrent language models over line-delimited JSON-RPC 2.0 on a Unix domain socket.",
    ],
    "methods": .array(all.map(\.openRPC)),
  ]
}

extension Call {
  fileprivate var openRPC: JSONValue {
    var method: JSONObject = ["name": .string(name), "summary": .string(summary)]
    if !discussion.isEmpty { method["description"] = .string(discussion) }
    method["paramStructure"] = "by-name"
    method["params"] = .array(parameters.map(\.openRPC))
    method["result"] = ["name": "result", "schema": resultSchema]
    method["examples"] = [
      [
        "name": "example",
        "params": .array(example.members.map { ["name": .string($0.name), "value": $0.value] }),
      ]
    ]
    if !alternatives.isEmpty {
      method["x-alternatives"] = .array(
        alternatives.map {
          ["params": .array($0.names.map(JSONValue.string)), "required": .bool($0.isRequired)]
        })
    }
    method["x-positional"] = .array(positional.map(JSONValue.string))
    return .object(method)
  }

  private var resultSchema: JSONValue {
    var properties = JSONObject()
    for field in result { properties[field.name] = ["description": .string(field.documentation)] }
    return [
      "type": "object", "properties": .object(properties),
      "required": .array(result.filter(\.isAlwaysThere).map { .string($0.name) }),
    ]
  }
}

extension Parameter {
  fileprivate var openRPC: JSONValue {
    var schema = kind.schema.object ?? [:]
    if let defaultValue { schema["default"] = defaultValue }
    return [
      "name": .string(name), "summary": .string(documentation), "required": .bool(isRequired),
      "schema": .object(schema),
    ]
  }
}
