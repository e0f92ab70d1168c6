import JSON

extension CallTable {
  /// The reference of all calls as a page of Markdown, made from the table that also validates them.
  package static var reference: String {
    var page = """
      # The calls

      Every call of rnnd with its params, its result and an example. This page is made from the daemon's table of calls; \
      `rpc.discover` answers the same as an OpenRPC document.

      ## Overview

      Params are objects. One that is not marked *required* may be left out. Numbers are JSON numbers, and whole where it \
      says so; names of params that a call doesn't know are errors. Text may be any string, and ids are those of the model's \
      own vocabulary.

      """
    for call in all { page += "\n" + call.reference }
    return page
  }
}

extension Call {
  fileprivate var reference: String {
    var section = "### \(name)\n\n\(summary)"
    if !discussion.isEmpty { section += " \(discussion)" }
    section += "\n"
    if !parameters.isEmpty {
      section += "\n| param | takes | |\n|---|---|---|\n"
      for parameter in parameters { section += parameter.reference }
    }
    for group in alternatives {
      let names = group.names.map { "`\($0)`" }.joined(separator: ", ")
      section += "\n\(group.isRequired ? "Exactly" : "At most") one of \(names) is given.\n"
    }
    if !result.isEmpty {
      section += "\n| result | |\n|---|---|\n"
      for field in result {
        section += "| `\(field.name)` | \(field.documentation)\(field.isAlwaysThere ? "" : " Not always there.") |\n"
      }
    }
    let request: JSONValue = [
      "jsonrpc": "2.0", "id": 1, "method": .string(name), "params": .object(example),
    ]
    return section + "\n```json\n\(request)\n```\n"
  }
}

extension Parameter {
  fileprivate var reference: String {
    var notes = isRequired ? "*Required.* \(documentation)" : documentation
    if let defaultValue { notes += " Default: `\(defaultValue)`." }
    return "| `\(name)` | \(kind.expectation) | \(notes) |\n"
  }
}
