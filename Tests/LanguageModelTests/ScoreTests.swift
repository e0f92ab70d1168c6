import Foundation
import Testing
import Tokenizers

@testable import LanguageModel

@Suite("A score")
struct ScoreTests {
  @Test("adds up the tokens' own, as perplexity and bits a byte say again")
  func addsUp() throws {
    let snapshot = try ModelTeacher.tiny().snapshot()
    let text = "the man bites the dög"
    let report = try answer(ScoreTask(.text(text), perToken: true, in: snapshot))
    let tokens = try #require(report.perToken)
    #expect(tokens.map(\.text) == ["the", "man", "bites", "the", "<unk>"])
    #expect(report.tokenCount == 5 && report.byteCount == 22)
    let sum = tokens.reduce(0) { $0 + $1.logProbability }
    #expect(abs(report.logProbability - sum) < 1e-9)
    #expect(abs(report.perplexity - exp(-sum / 5)) < 1e-9)
    #expect(abs((report.bitsPerByte ?? 0) - -sum / log(2) / 22) < 1e-9)
  }

  @Test("of a token is what the distribution before it says")
  func agreesWithNextWord() throws {
    let snapshot = try ModelTeacher.tiny().snapshot()
    let next = try answer(NextWordTask(after: .text("the man bites the "), limit: 100, in: snapshot))
    let score = try answer(ScoreTask(.text("the man bites the dog"), perToken: true, in: snapshot))
    let word = try #require(next.words.first { $0.word == "dog" })
    #expect(abs(exp(score.perToken?.last?.logProbability ?? 0) - word.probability) < 1e-6)
  }

  @Test("is the same in slices", arguments: TokenizerKind.allCases)
  func slices(_ kind: TokenizerKind) throws {
    let snapshot = try ModelTeacher.tiny(kind).snapshot()
    let task = try ScoreTask(.text(sampleText), in: snapshot)
    let whole = try answer(task)
    for slice in [1, 3, 64] {
      let sliced = try finish(task, with: ModelReader(), slice: slice)
      #expect(abs(sliced.logProbability - whole.logProbability) < 1e-4)
      #expect(sliced.tokenCount == whole.tokenCount)
    }
  }

  @Test("of a uniform model is its vocabulary's size")
  func uniform() throws {
    // Steps of no size leave a model whose output weights are made zero below.
    let teacher = try ModelTeacher.tiny()
    for tensor in teacher.trainer.weightTensors where tensor.name.hasPrefix("decoder") { tensor.values.fill(with: 0) }
    let report = try answer(ScoreTask(.text(sampleText), in: teacher.snapshot()))
    #expect(abs(report.perplexity - Double(teacher.tokenizer.vocabularySize)) < 1e-3)
  }

  @Test("of ids counts the bytes of their text, and of nothing is refused")
  func ids() throws {
    let snapshot = try ModelTeacher.tiny().snapshot()
    let ids = snapshot.tokenizer.encode("the man").ids.map(Int.init)
    #expect(try answer(ScoreTask(.ids(ids), in: snapshot)) == answer(ScoreTask(.text("the man"), in: snapshot)))
    for nothing in [ModelInput.text(""), .text("  \t"), .ids([])] {
      #expect(throws: LanguageModelError.noTokens) { try ScoreTask(nothing, in: snapshot) }
    }
    #expect(throws: LanguageModelError.self) { try ScoreTask(.ids([99_999]), in: snapshot) }
  }
}
