import JSON
import Testing

@testable import rnnd

@Suite struct ResultViewTests {
  static let terminal = Screen(isTerminal: true, columns: 80, hasColour: false)

  private func lines(
    _ method: String, _ result: JSONValue, params: JSONObject = [:], on screen: Screen = terminal
  ) -> [String] {
    ResultView(method: method, params: params, result: result).lines(on: screen)
  }

  static let words: JSONValue = [
    "words": [
      ["word": "日本", "completion": "本", "probability": 0.5], ["word": "dog", "completion": "dog", "probability": 0.25],
      ["word": "a\u{1B}b", "completion": "a\u{1B}b", "probability": 0.000001],
    ], "prefix": "日",
  ]

  @Test("Words line up whatever their width, the more probable with the longer bar")
  func nextWord() {
    let lines = lines("next-word", Self.words, params: ["text": "the man 日"])
    #expect(lines[0] == "the man 日")
    #expect(lines[1].hasPrefix("  日本       50.0%  ████"))
    #expect(lines[2].hasPrefix("  dog        25.0%  ███"))
    #expect(DisplayWidth.of(lines[1]) > DisplayWidth.of(lines[2]))
    #expect(lines[3].hasPrefix("  a\\u{1b}b   <0.1%  ▏"))
  }

  @Test("Programs get a word and its exact probability a line, and a line feed in a word breaks none")
  func nextWordPlain() {
    #expect(lines("next-word", Self.words, on: .plain) == ["日本\t0.5", "dog\t0.25", "a\\u{1b}b\t1e-06"])
  }

  @Test("Where there is no word, it is said why")
  func noWords() {
    #expect(lines("next-word", ["words": [], "prefix": "xyz"]).first?.contains("begins with 'xyz'") == true)
    #expect(lines("next-word", ["words": [], "prefix": ""]).first?.contains("rnnd train-step") == true)
  }

  @Test("A long text is cut at its beginning, so that the words follow on its end")
  func longText() {
    let heading = lines(
      "next-word", Self.words, params: ["text": .string(String(repeating: "日本 ", count: 100) + "dog")])[0]
    #expect(heading.hasPrefix("…"))
    #expect(heading.hasSuffix("dog"))
    #expect(DisplayWidth.of(heading) <= 61)
  }

  @Test("A lesson is told in a sentence")
  func lesson() {
    let result: JSONValue = [
      "loss": 5.1234, "perplexity": 167.9, "tokens": 5, "updates": 1, "gradientNorm": 0.4321, "clipped": true,
      "step": 1200,
    ]
    #expect(
      lines("train-step", result)
        == ["Learned 5 tokens: loss 5.123 (perplexity 167.9), gradient 0.4321, clipped  step 1,200"])
    #expect(lines("train-step", result, on: .plain).contains("loss\t5.1234"))
  }

  @Test("Results that have no picture of their own are names and values, nested ones joined by points")
  func facts() {
    let result: JSONValue = [
      "a": ["b": 1, "someBytes": 12345], "list": [1, 2], "objects": [["x": true], ["x": nil]], "t": "a\nb",
    ]
    #expect(
      lines("unknown", result, on: .plain)
        == ["a.b\t1", "a.someBytes\t12345", "list\t1 2", "objects.0.x\ttrue", "objects.1.x\tnull", "t\ta\\nb"])
    #expect(lines("unknown", result).contains("a some bytes  12 kB"))
  }

  @Test("Generated text is printed as it is, with nothing that moves the cursor on a terminal")
  func generated() {
    let result: JSONValue = ["text": "dog\n\u{1B}[2J", "finish": "length"]
    #expect(lines("generate", result, params: ["text": "the "]) == ["the dog\n\\u{1b}[2J"])
    #expect(lines("generate", result, params: ["text": "the "], on: .plain) == ["dog\n\u{1B}[2J"])
  }

  @Test("Models are a table, with what is not in memory left blank")
  func models() {
    let result: JSONValue = [
      "models": [
        [
          "name": "default", "loaded": true, "architecture": "lstm", "hiddenSize": 200, "layers": 2,
          "tokenizer": "word",
          "vocabularySize": 10000, "step": 1500, "memoryBytes": 20_000_000, "dirty": true,
        ], ["name": "story", "loaded": false],
      ]
    ]
    let lines = lines("list-models", result)
    #expect(lines.count == 3)
    #expect(lines[1].contains("lstm 2×200") && lines[1].contains("10,000") && lines[1].contains("20 MB"))
    #expect(lines[1].hasSuffix("journalled") && lines[2].hasSuffix("on disk"))
    #expect(self.lines("list-models", result, on: .plain)[1] == "story\t\t\t\t\t\ton disk")
  }

  @Test("Views of answers that lack what they show still print something", arguments: CommandLineTool.calls.map(\.name))
  func missingMembers(name: String) {
    for result in [[:], nil, ["words": 3, "norms": "x", "models": [1], "ids": [1], "loss": "a"]] as [JSONValue] {
      for screen in [Self.terminal, .plain] { _ = lines(name, result, on: screen) }
    }
    #expect(!lines(name, ["x": 1]).contains { $0.contains("nil") || $0.contains("Optional") })
  }

  @Test("The progress line has share, epoch, loss, perplexity, rate, time left and a picture, and fits")
  func progress() {
    var line = ProgressLine(startNanoseconds: 0)
    var text = ""
    for update in 1...50 {
      text = line.line(
        for: .init(
          phase: "training", epoch: 1, epochCount: 5, done: update * 100, total: 20_000, tokensPerSecond: 1000,
          loss: 6 - Double(update) / 50, perplexity: 321.4), nowNanoseconds: UInt64(update) * 1_000_000_000,
        on: Screen(isTerminal: true, columns: 120, hasColour: false))
    }
    #expect(text.hasPrefix(" 25.0%  epoch 1/5  loss 5.000  perplexity 321.4  1,000 tokens/s  15 s left  █"))
    #expect(DisplayWidth.of(text) < 120)
    let report = ProgressLine.Report(["tokens": 10, "totalTokens": 40])
    var short = ProgressLine(startNanoseconds: 0)
    #expect(
      short.line(for: report, nowNanoseconds: 1_000_000_000, on: .plain).hasPrefix(" 25.0%  10 tokens/s  3.0 s left"))
  }
}
