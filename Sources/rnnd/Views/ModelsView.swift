import JSON

/// The models that there are, one a row.
struct ModelsView {
  var result: JSONValue

  /// Programs get names first, then what else is in the table, with tabs between.
  func lines(on screen: Screen) -> [String] {
    let models = result["models"]?.array ?? []
    var table = Table(columns: [
      .init(title: "model"), .init(title: "architecture"), .init(title: "tokenizer"),
      .init(title: "vocabulary", isNumber: true), .init(title: "step", isNumber: true),
      .init(title: "memory", isNumber: true), .init(title: "state"),
    ])
    for model in models {
      let description = ModelDescription(model)
      table.rows.append([
        description.name, description.architecture, description.tokenizer,
        description.vocabularySize.map { screen.isTerminal ? Figures.grouped($0) : String($0) } ?? "",
        description.step.map { screen.isTerminal ? Figures.grouped($0) : String($0) } ?? "",
        description.memoryBytes.map { screen.isTerminal ? Figures.bytes($0) : String($0) } ?? "", description.state,
      ])
    }
    if models.isEmpty, screen.isTerminal {
      return ["There is no model yet. Make one with:  rnnd create-model story --architecture lstm"]
    }
    return table.lines(on: screen)
  }
}

/// One model, after it was described, made, loaded, saved, moved or deleted.
struct ModelView {
  var method: String
  var result: JSONValue

  func lines(on screen: Screen) -> [String] {
    guard screen.isTerminal, let done = Self.deeds[method] else { return FactsView(result: result).lines(on: screen) }
    let description = ModelDescription(result)
    let facts = [description.architecture, description.tokenizer].filter { !$0.isEmpty }.joined(separator: ", ")
    return [done + " " + screen.style(description.name.printableLine, .strong) + (facts.isEmpty ? "" : " (\(facts))")]
  }

  private static let deeds = [
    "create-model": "Created", "load-model": "Loaded", "save-model": "Saved", "unload-model": "Unloaded",
    "copy-model": "Copied to", "delete-model": "Deleted", "import-model": "Imported", "export-model": "Exported",
  ]
}

/// What the tables show of a model's description.
struct ModelDescription {
  private let value: JSONValue

  init(_ value: JSONValue) { self.value = value }

  var name: String { value["name"]?.string ?? "" }
  var tokenizer: String { value["tokenizer"]?.string ?? "" }
  var vocabularySize: Int? { value["vocabularySize"]?.int }
  var step: Int? { value["step"]?.int }
  var memoryBytes: Int? { value["memoryBytes"]?.int }

  var state: String {
    if value["loaded"] == false { return "on disk" }
    if value["training"] == true { return "training" }
    return value["readOnly"] == true ? "read-only" : value["dirty"] == true ? "journalled" : "saved"
  }

  /// `lstm 2×200`
  var architecture: String {
    let cell = value["architecture"]?.string ?? ""
    guard let hidden = value["hiddenSize"]?.int else { return cell }
    return cell + " " + (value["layers"]?.int.map { "\($0)×" } ?? "") + String(hidden)
  }
}
