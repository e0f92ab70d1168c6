import JSON

/// What a training run came to.
struct TrainingView {
  var result: JSONValue

  func lines(on screen: Screen) -> [String] {
    guard screen.isTerminal, let tokens = result["tokens"]?.int, let seconds = result["seconds"]?.double else {
      return FactsView(result: result).lines(on: screen)
    }
    let rate = result["tokensPerSecond"]?.double.map { " (\(Figures.grouped(Int(clamping: $0))) tokens/s)" } ?? ""
    var facts = [
      "Trained on \(LessonView.count(tokens, "token")) in \(Figures.duration(seconds: seconds))\(rate)"
    ]
    if let loss = result["loss"]?.double { facts.append("loss \(screen.style(Figures.fixed(loss, 3), .strong))") }
    if let perplexity = result["validationPerplexity"]?.double {
      facts.append("validation perplexity \(screen.style(Figures.short(perplexity), .strong))")
    }
    let step = result["step"]?.int.map { screen.style("  step \(Figures.grouped($0))", .faint) } ?? ""
    return [facts.joined(separator: ", ") + step]
  }
}
