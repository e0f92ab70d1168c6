import JSON

/// The models that the service is measured with, and requests for them.
struct BenchModel {
  let name: String
  let wordCount: Int
  let hiddenSize: Int

  /// 2x200 LSTM, 10,000 words.
  static let standard = BenchModel(name: "bench", wordCount: 10_000, hiddenSize: 200)

  /// The numbers it learns: embedding, two layers, output.
  var parameterCount: Int {
    let layer = 4 * hiddenSize * (2 * hiddenSize + 2)
    return wordCount * (2 * hiddenSize + 1) + 2 * layer
  }

  func create(_ client: inout Exchange) throws(BenchmarkError) {
    try client.call(
      "create-model",
      """
      "name":"\(name)","architecture":"lstm","layers":2,"hiddenSize":\(hiddenSize),"embeddingSize":\(hiddenSize),\
      "tied":false,"optimizer":"sgd","tokenizer":"whitespace","text":"\(SampleText.vocabulary(count: wordCount))"
      """)
  }

  /// How much memory its weights take.
  var megabytes: Double { Double(parameterCount * MemoryLayout<Float>.stride) / 1e6 }

  /// How much a daemon may hold for it: weights, gradient, and the copy that serves (plain SGD has no moments), and 15 MB.
  var residentBoundMegabytes: Double { 3 * megabytes + 15 }

  /// Any number's word; those of the vocabulary in turn.
  func word(_ number: Int) -> String { SampleText.word(number % wordCount) }

  /// A text of words that no other `seed` begins with in the same way, its end a blank.
  func text(wordCount: Int, seed: Int) -> String {
    (0..<wordCount).map { word(seed * 7919 + $0 * 613) + " " }.joined()
  }

  /// A `train-step` of 20 words.
  func lesson(_ seed: Int) -> [UInt8] {
    let text = (0..<20).map { word(seed * 331 + $0 * 97) }.joined(separator: " ")
    return Self.request("train-step", "\"model\":\"\(name)\",\"text\":\"\(text)\"")
  }

  func teach(_ client: inout Exchange) throws(BenchmarkError) { try Exchange.check(try client.answer(to: lesson(0))) }

  /// Requests whose text, after `start`, grows by a word each.
  func growingTexts(after start: String = "", count: Int, seed: Int) -> some Sequence<[UInt8]> {
    var text = start
    return sequence(state: 0) { index -> [UInt8]? in
      guard index < count else { return nil }
      text += word(seed * 7919 + index * 613) + " "
      index += 1
      return nextWord(text)
    }
  }

  func nextWord(_ text: String) -> [UInt8] {
    Self.request("next-word", "\"model\":\"\(name)\",\"text\":\"\(text)\"")
  }

  static func request(_ method: String, _ params: String, id: Int = 1) -> [UInt8] {
    Array("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"\(method)\",\"params\":{\(params)}}\n".utf8)
  }
}

extension Exchange {
  /// What the daemon holds, as it says itself.
  mutating func residentMegabytes() throws(BenchmarkError) -> Double {
    let status = try? JSONValue.parse(try call("status", ""))
    guard let bytes = status?["result"]?["memory"]?["residentBytes"]?.double else {
      throw .unexpectedAnswer("status says nothing of memory")
    }
    return bytes / 1e6
  }

  /// Calls once and waits for the answer, which must be a result.
  @discardableResult
  mutating func call(_ method: String, _ params: String) throws(BenchmarkError) -> [UInt8] {
    try send(BenchModel.request(method, params))
    let answer = try receive()
    try Exchange.check(answer)
    return answer
  }
}
