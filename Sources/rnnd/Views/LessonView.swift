import JSON

/// What a training step did, in a sentence.
struct LessonView {
  var result: JSONValue

  func lines(on screen: Screen) -> [String] {
    guard screen.isTerminal, let loss = result["loss"]?.double, let tokens = result["tokens"]?.int else {
      return FactsView(result: result).lines(on: screen)
    }
    let updates = result["updates"]?.int ?? 1
    let perplexity = result["perplexity"]?.double.map { " (perplexity \(Figures.short($0)))" } ?? ""
    let clipped = result["clipped"]?.bool ?? false
    let norm =
      result["gradientNorm"]?.double.map { ", gradient \(Figures.short($0))\(clipped ? ", clipped" : "")" } ?? ""
    let step = result["step"]?.int.map { screen.style("  step \(Figures.grouped($0))", .faint) } ?? ""
    return [
      "Learned \(Self.count(tokens, "token"))"
        + (updates == 1 ? "" : " in \(Self.count(updates, "update"))")
        + ": loss \(screen.style(Figures.fixed(loss, 3), .strong))\(perplexity)\(norm)\(step)"
    ]
  }

  static func count(_ count: Int, _ noun: String) -> String {
    "\(Figures.grouped(count)) \(noun)\(count == 1 ? "" : "s")"
  }
}
