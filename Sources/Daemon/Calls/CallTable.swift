/// Every call that the daemon answers, in the order in which the reference lists them: the only list.
package enum CallTable {
  package static let all: [Call] = [
    .tokenize, .detokenize, .trainStep, .nextWord, .generate, .score, .gradientFlow, .train, .evaluate,
    .createModel, .loadModel, .importModel, .exportModel, .saveModel, .unloadModel, .deleteModel, .copyModel,
    .listModels, .describeModel,
    .status, .ping, .shutdown, .discover, .cancelRequest,
  ]

  /// The call of a name; nil when there is none.
  package static func call(named name: String) -> Call? { byName[name] }

  private static let byName = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }
}
