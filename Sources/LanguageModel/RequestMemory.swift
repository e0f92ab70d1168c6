import JSON

/// The answers to the last lessons whose requests had a key, so that repeating one teaches nothing.
package struct RequestMemory: Equatable, Sendable {
  private struct Answer: Equatable {
    let key: RequestKey
    let report: LessonReport
  }

  private var answers: [String: Answer] = [:]
  /// The names of the keys, the oldest first.
  private var names: [String] = []

  /// As many keys are remembered.
  package static let limit = 1024

  init() {}

  /// What the same request was answered with; nil when it is new.
  ///
  /// - Throws: `invalidSetting` when another request had the key.
  package func answer(to key: RequestKey) throws(LanguageModelError) -> LessonReport? {
    guard let answer = answers[key.name] else { return nil }
    guard answer.key == key else {
      throw .invalidSetting(
        name: "requestKey", found: "the key of a request with other params", expected: "a new key for a new request")
    }
    return answer.report
  }

  /// Whether a request of that key was answered.
  package func knows(_ key: RequestKey) -> Bool { answers[key.name] != nil }

  mutating func remember(_ report: LessonReport, for key: RequestKey) {
    if answers.updateValue(Answer(key: key, report: report.withoutCarry), forKey: key.name) == nil {
      names.append(key.name)
    }
    if names.count > Self.limit { answers[names.removeFirst()] = nil }
  }
}

// MARK: - Keeping

extension RequestMemory {
  var json: JSONValue {
    .array(
      names.compactMap { name in
        answers[name].map { answer in
          [
            "key": .string(name), "digest": JSONValue(answer.key.digest), "loss": JSONValue(finite: answer.report.loss),
            "tokens": JSONValue(answer.report.tokenCount), "updates": JSONValue(answer.report.updateCount),
            "gradientNorm": JSONValue(finite: answer.report.gradientNorm), "clipped": .bool(answer.report.isClipped),
            "step": JSONValue(answer.report.step), "newWords": JSONValue(answer.report.newWordCount),
          ]
        }
      })
  }

  /// Reads what was kept; nil when it is nothing of the kind.
  init?(json: JSONValue) {
    guard let elements = json.array else { return nil }
    for element in elements {
      guard let name = element["key"]?.string, let digest = element["digest"]?.number.flatMap({ UInt64($0.literal) }),
        let report = LessonReport(json: element)
      else { return nil }
      remember(report, for: RequestKey(name: name, digest: digest))
    }
  }
}

extension LessonReport {
  fileprivate init?(json: JSONValue) {
    guard let loss = json["loss"]?.double, let tokenCount = json["tokens"]?.int,
      let updateCount = json["updates"]?.int, let gradientNorm = json["gradientNorm"]?.double,
      let isClipped = json["clipped"]?.bool, let step = json["step"]?.int, let newWordCount = json["newWords"]?.int
    else { return nil }
    self.init(
      loss: loss, tokenCount: tokenCount, updateCount: updateCount, gradientNorm: gradientNorm, isClipped: isClipped,
      step: step, newWordCount: newWordCount, carry: nil)
  }

  fileprivate var withoutCarry: LessonReport {
    LessonReport(
      loss: loss, tokenCount: tokenCount, updateCount: updateCount, gradientNorm: gradientNorm, isClipped: isClipped,
      step: step, newWordCount: newWordCount, carry: nil)
  }
}
