import Foundation
import Testing
import Tokenizers

@testable import LanguageModel

@Suite("Generated text")
struct GenerationTests {
  private func generate(
    _ snapshot: ModelSnapshot, _ text: String = "the man", maxTokens: Int = 20,
    _ sampling: SamplingSettings = SamplingSettings(), stop: [String] = []
  ) throws -> Generation {
    try answer(
      GenerationTask(after: .text(text), maxTokens: maxTokens, sampling: sampling, stop: stop, in: snapshot))
  }

  @Test("is the same for the same seed, in slices too, and another for another", arguments: TokenizerKind.allCases)
  func deterministic(_ kind: TokenizerKind) throws {
    let snapshot = try ModelTeacher.tiny(kind).snapshot()
    let task = try GenerationTask(
      after: .text("the man"), maxTokens: 20, sampling: SamplingSettings(seed: 7), in: snapshot)
    let expected = try answer(task)
    for slice in [1, 2, 5] { #expect(try finish(task, with: ModelReader(), slice: slice) == expected) }
    let others = try (8..<12).map { try generate(snapshot, "the man", SamplingSettings(seed: $0)).text }
    #expect(others.contains { $0 != expected.text })
    #expect(!expected.text.contains("<unk>"))
  }

  @Test("at temperature 0 is what was taught, and ends at the limit")
  func greedy() throws {
    let teacher = try ModelTeacher(CreateSettings())
    for _ in 0..<8 { _ = try teacher.teach(Lesson([.text("the man bites the dog.")])) }
    let found = try generate(teacher.snapshot(), maxTokens: 4, SamplingSettings(temperature: 0))
    #expect(found == Generation(text: " bites the dog.", finish: .length, tokenCount: 4))
    let afterBlank = try generate(teacher.snapshot(), "the man ", maxTokens: 2, SamplingSettings(temperature: 0))
    #expect(afterBlank.text == "bites the")
    let drawnFromOne = try generate(teacher.snapshot(), maxTokens: 4, SamplingSettings(topK: 1, seed: 3))
    #expect(drawnFromOne.text == found.text)
    #expect(try generate(teacher.snapshot(), maxTokens: 4, SamplingSettings(topP: 1e-9, seed: 3)).text == found.text)
  }

  @Test("stops before a stop string, and never shows a beginning of one")
  func stops() throws {
    let teacher = try ModelTeacher(CreateSettings())
    for _ in 0..<8 { _ = try teacher.teach(Lesson([.text("the man bites the dog.")])) }
    let greedy = SamplingSettings(temperature: 0)
    let found = try generate(teacher.snapshot(), "the man", greedy, stop: ["cat", "the do"])
    #expect(found == Generation(text: " bites ", finish: .stop, tokenCount: 3))
    var task = try GenerationTask(after: .text("the man"), sampling: greedy, stop: ["the dog"], in: teacher.snapshot())
    let reader = ModelReader()
    var shown: [String] = []
    while try task.advance(by: 1, with: reader) == nil { shown.append(task.settledText) }
    #expect(shown.allSatisfy { " bites ".hasPrefix($0) } && shown.contains(" bites "))
  }

  @Test("of line tokenizers has line feeds, of others ends at the end of the sequence")
  func endOfSequence() throws {
    let lines = try ModelTeacher(CreateSettings())
    for _ in 0..<10 { _ = try lines.teach(Lesson([.text("one two\n")])) }
    #expect(try generate(lines.snapshot(), "one", maxTokens: 2, SamplingSettings(temperature: 0)).text == " two\n")
    var settings = CreateSettings.tiny(.character)
    settings.hiddenSize = 32
    let characters = try ModelTeacher(settings, texts: [Array("ab".utf8)])
    let end = Int(characters.tokenizer.endOfSequence)
    let ids = characters.tokenizer.encode("ab").ids.map(Int.init) + [end]
    for _ in 0..<40 { _ = try characters.teach(Lesson([.ids(ids)])) }
    let found = try generate(characters.snapshot(), "a", SamplingSettings(temperature: 0))
    #expect(found == Generation(text: "b", finish: .stop, tokenCount: 1))
  }

  @Test("draws tokens as often as their probabilities say")
  func frequencies() throws {
    var sampler = TokenSampler(SamplingSettings(seed: 5))
    let probabilities: [Double] = [0.5, 0.3, 0.15, 0.05]
    let logs = probabilities.map { Float(log($0)) }
    var counts = [0, 0, 0, 0]
    for _ in 0..<20_000 { counts[Int(try #require(sampler.draw(from: logs) { _ in true }))] += 1 }
    for (count, probability) in zip(counts, probabilities) {
      #expect(abs(Double(count) / 20_000 - probability) < 0.015)
    }
    var nucleus = TokenSampler(SamplingSettings(topP: 0.75, seed: 5))
    for _ in 0..<200 { #expect(try #require(nucleus.draw(from: logs) { _ in true }) < 2) }
    var top = TokenSampler(SamplingSettings(topK: 3, seed: 5))
    for _ in 0..<200 { #expect(try #require(top.draw(from: logs) { _ in true }) < 3) }
    var cold = TokenSampler(SamplingSettings(temperature: 0.01, seed: 5))
    for _ in 0..<200 { #expect(cold.draw(from: logs) { _ in true } == 0) }
    #expect(cold.draw(from: logs) { _ in false } == nil)
    #expect(cold.draw(from: logs) { $0 == 2 } == 2)
  }

  @Test("is refused for bad settings")
  func refusals() throws {
    let snapshot = try ModelTeacher.tiny().snapshot()
    for sampling in [
      SamplingSettings(temperature: -1), SamplingSettings(temperature: .nan), SamplingSettings(topK: 0),
      SamplingSettings(topP: 0), SamplingSettings(topP: 1.1), SamplingSettings(topP: .nan),
    ] {
      #expect(throws: LanguageModelError.self) { try generate(snapshot, "the man", sampling) }
    }
    #expect(throws: LanguageModelError.self) { try generate(snapshot, maxTokens: 0) }
    #expect(throws: LanguageModelError.self) { try generate(snapshot, stop: [""]) }
    #expect(throws: LanguageModelError.self) { try generate(snapshot, stop: Array(repeating: "a", count: 17)) }
  }
}
