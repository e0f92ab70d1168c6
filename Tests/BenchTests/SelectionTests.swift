import Testing

@testable import Bench

@Suite struct SelectionTests {
  @Test("without a pattern everything is wanted")
  func everything() {
    #expect(Part.allCases.allSatisfy(Selection.everything.wants))
    #expect(Selection.everything.wants("training.small.fp32"))
  }

  @Test(
    "a pattern wants the figures that it begins, and the groups that they are in",
    arguments: [
      ("training", true), ("training.small", true), ("training.small.fp32", true), ("training.medium", false),
      ("training.small2", false), ("latency", false), ("train", false),
    ])
  func patterns(name: String, isWanted: Bool) throws {
    #expect(try Selection(["training.small"]).wants(name) == isWanted)
  }

  @Test("what is asked for by name is told from what comes with others")
  func names() throws {
    #expect(try Selection(["training.curve"]).names("training.curve"))
    #expect(try Selection(["growth.memory"]).names("growth"))
    #expect(try !Selection(["training"]).names("training.curve"))
    #expect(!Selection.everything.names("growth"))
  }

  @Test("a figure is wanted by any of several patterns")
  func several() throws {
    let selection = try Selection(["crowd", "product.fp32"])
    #expect(selection.wants(.crowd) && selection.wants(.product) && !selection.wants(.start))
    #expect(selection.wants("product.fp32.20x800x200.1") && !selection.wants("product.bf16"))
  }

  @Test(
    "a pattern that begins with no part is refused by name",
    arguments: ["", "nonsense", ".training", "trainings.small"])
  func refusals(pattern: String) {
    #expect(throws: BenchmarkError.noSuchPart(pattern)) { try Selection(["training", pattern]) }
  }
}
