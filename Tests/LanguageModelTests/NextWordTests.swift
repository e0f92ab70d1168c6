import Testing

@testable import LanguageModel

@Suite("Next words where tokens are words")
struct NextWordTests {
  @Test("rank what one lesson taught first")
  func learnsFromOneLesson() throws {
    let teacher = try ModelTeacher(CreateSettings())
    _ = try teacher.teach(Lesson([.text("the man bites the dog")]))
    let reader = ModelReader()
    var task = try NextWordTask(after: .text("the man bites the "), in: teacher.snapshot())
    let answer = try task.finish(with: reader)
    #expect(answer.words.first?.word == "dog")
    #expect(answer.prefix == "")
  }
}
