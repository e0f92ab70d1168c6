import JSON

/// How the daemon does: a few lines about it, a table of its models, a table of the calls it has answered.
struct StatusView {
  var result: JSONValue

  func lines(on screen: Screen) -> [String] {
    guard screen.isTerminal else { return FactsView(result: result).lines(on: screen) }
    var lines = heading(on: screen)
    let models = result["models"]?.array ?? []
    if !models.isEmpty { lines += [""] + ModelsView(result: ["models": .array(models)]).lines(on: screen) }
    let calls = callTable
    if !calls.rows.isEmpty { lines += [""] + calls.lines(on: screen) }
    let errors = (result["errors"]?.object ?? [:]).members.map { "\($0.name) \($0.value.description)" }
    if !errors.isEmpty { lines += ["", screen.style("errors", .faint) + "  " + errors.joined(separator: ", ")] }
    return lines
  }

  private func heading(on screen: Screen) -> [String] {
    let uptime = Figures.duration(seconds: result["uptimeSeconds"]?.double ?? 0)
    let memory = result["memory"]?["residentBytes"]?.int.map { ", \(Figures.bytes($0)) of memory" } ?? ""
    let open = result["connections"]?["open"]?.int ?? 0
    return [
      screen.style("rnnd \(result["version"]?.string ?? "")", .strong) + " is " + screen.style("running", .good)
        + " for \(uptime), process \(result["pid"]?.description ?? "?")\(memory), \(LessonView.count(open, "connection"))",
      screen.style("socket", .faint) + "  " + (result["socket"]?.string ?? "").printableLine,
    ] + directory(on: screen)
  }

  private func directory(on screen: Screen) -> [String] {
    let path = result["persistence"]?["dataDirectory"]?.string
    let failing = (result["persistence"]?["failing"]?.array ?? []).map { model in
      screen.style("\(model["name"]?.string ?? "") cannot be saved", .bad) + ": \(model["message"]?.string ?? "")"
    }
    return (path.map { [screen.style("models", .faint) + "  " + $0.printableLine] } ?? []) + failing
  }

  private var callTable: Table {
    var table = Table(columns: [
      .init(title: "call"), .init(title: "count", isNumber: true), .init(title: "errors", isNumber: true),
      .init(title: "median", isNumber: true), .init(title: "99%", isNumber: true),
      .init(title: "slowest", isNumber: true),
    ])
    for call in (result["calls"]?.object ?? [:]).members {
      let latencies = ["p50Microseconds", "p99Microseconds", "maxMicroseconds"].map { name in
        call.value[name]?.double.map { Figures.latency(microseconds: $0) } ?? ""
      }
      let counts = ["count", "errors"].map { call.value[$0]?.int.map(Figures.grouped) ?? "" }
      table.rows.append([call.name] + counts + latencies)
    }
    return table
  }
}
