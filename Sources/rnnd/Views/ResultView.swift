import JSON

/// A call's result in the form that suits it, for a person or, where the output is no terminal, for a program.
struct ResultView {
  var method: String
  var params: JSONObject
  var result: JSONValue

  func print(on console: Console) throws(Failure) {
    try console.print(lines(on: console.output))
  }

  func lines(on screen: Screen) -> [String] {
    switch method {
    case "next-word": NextWordView(text: params["text"]?.string, result: result).lines(on: screen)
    case "train-step": LessonView(result: result).lines(on: screen)
    case "tokenize": TokensView(result: result).lines(on: screen)
    case "detokenize": [text(on: screen)]
    case "generate": [generated(on: screen)]
    case "score", "evaluate": ScoreView(result: result).lines(on: screen)
    case "gradient-flow":
      GradientFlowView(norms: (result["norms"]?.array ?? []).map { $0.double ?? .nan }).lines(on: screen)
    case "train": TrainingView(result: result).lines(on: screen)
    case "status": StatusView(result: result).lines(on: screen)
    case "list-models": ModelsView(result: result).lines(on: screen)
    case "ping": screen.isTerminal ? ["rnnd answers"] : FactsView(result: result).lines(on: screen)
    case "rpc.discover": [result.pretty()]
    case _ where method.hasSuffix("-model"): ModelView(method: method, result: result).lines(on: screen)
    default: FactsView(result: result).lines(on: screen)
    }
  }

  /// A text as it is; on a terminal, nothing in it moves the cursor.
  private func text(on screen: Screen) -> String {
    let text = result["text"]?.string ?? ""
    return screen.isTerminal ? text.printableText : text
  }

  /// What was generated, on a terminal behind what it goes on from.
  private func generated(on screen: Screen) -> String {
    guard screen.isTerminal, let beginning = params["text"]?.string else { return text(on: screen) }
    return screen.style(beginning.printableText, .faint) + text(on: screen)
  }
}
