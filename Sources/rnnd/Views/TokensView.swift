import JSON

/// Tokens beside their ids and places in the text.
struct TokensView {
  var result: JSONValue

  func lines(on screen: Screen) -> [String] {
    let ids = result["ids"]?.array ?? []
    let tokens = result["tokens"]?.array ?? []
    let offsets = result["offsets"]?.array ?? []
    var table = Table(columns: [.init(title: "id", isNumber: true), .init(title: "bytes"), .init(title: "token")])
    for (index, id) in ids.enumerated() {
      let range = index < offsets.count ? offsets[index].array ?? [] : []
      let bytes = range.map(\.description).joined(separator: "-")
      table.rows.append([id.description, bytes, index < tokens.count ? tokens[index].string ?? "" : ""])
    }
    return table.lines(on: screen)
  }
}

/// How well a text was predicted, token by token where that was asked for.
struct ScoreView {
  var result: JSONValue

  func lines(on screen: Screen) -> [String] {
    let tokens = result["perToken"]?.array ?? []
    var facts = result.object ?? [:]
    facts["perToken"] = nil
    guard screen.isTerminal else {
      return FactsView(result: .object(facts)).lines(on: screen)
        + tokens.map { "\(($0["token"]?.string ?? "").printableLine)\t\($0["logProbability"]?.description ?? "")" }
    }
    var table = Table(columns: [
      .init(title: "token"), .init(title: "probability", isNumber: true), .init(title: "surprise"),
    ])
    for token in tokens {
      let surprise = -(token["logProbability"]?.double ?? 0)
      table.rows.append([
        token["token"]?.string ?? "", Figures.percent(Figures.exponential(-surprise)),
        Graphs.bar(surprise / 12, columns: 24),
      ])
    }
    return (tokens.isEmpty ? [] : table.lines(on: screen) + [""]) + FactsView(result: .object(facts)).lines(on: screen)
  }
}
