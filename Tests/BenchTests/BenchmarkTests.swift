import Networks
import Testing

@testable import Bench

@Suite struct BenchmarkTests {
  private func benchmark(_ patterns: [String]) throws -> Benchmark {
    Benchmark(.init(isQuick: true, selection: try Selection(patterns), executable: "/nonexistent"))
  }

  @Test("the parts that need no daemon run alone, each figure under its part's name, with a value and a unit")
  func parts() throws {
    var sections: [String] = []
    let report = try benchmark(["peak", "bandwidth.256KiB", "product.fp32.20x800x200", "tokenizing.word"]).run {
      sections.append($0)
    }
    #expect(sections == report.sections.map(\.title) && sections.count == 4)
    for section in report.sections {
      #expect(!section.figures.isEmpty)
      for figure in section.figures {
        #expect(figure.name.hasPrefix(section.part.rawValue + "."))
        #expect(figure.value > 0 && !figure.unit.rawValue.isEmpty)
      }
    }
    let names = report.sections.flatMap(\.figures).map(\.name)
    #expect(Set(names).count == names.count)
    #expect(names.contains("product.fp32.20x800x200.1") && names.contains("tokenizing.word"))
  }

  @Test("each product is compared with the peak of its own precision and cores")
  func comparisons() throws {
    let figures = try benchmark(["product.fp32.20x800x200"]).run { _ in }.sections.flatMap(\.figures)
    for figure in figures {
      let comparison = try #require(figure.comparison)
      #expect(comparison.with == "peak.fp32.\(figure.name.split(separator: ".").last ?? "")")
      #expect(comparison.ratio > 0 && comparison.ratio.isFinite)
    }
  }

  @Test("growth is left out of a quick run unless it is asked for")
  func growth() throws {
    #expect(try !benchmark([]).wantsGrowth)
    #expect(try benchmark(["growth.training"]).wantsGrowth)
    #expect(try !benchmark(["training"]).wantsGrowth)
    #expect(Benchmark(.init(isQuick: false, executable: "")).wantsGrowth)
  }

  @Test("the processor is the first that the system lists, and unknown where it lists none")
  func processor() {
    let list = "processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\n\nprocessor\t: 1\nmodel name\t: Other\n"
    #expect(Machine.processorName(in: Array(list.utf8)) == "Some CPU @ 3 GHz")
    #expect(Machine.processorName(in: Array("model name".utf8)) == nil)
    #expect(Machine.processorName(in: []) == nil)
  }

  @Test("the model's weights are counted as the network counts them")
  func weights() throws {
    let model = BenchModel(name: "a", wordCount: 30, hiddenSize: 8)
    let shape = try NetworkShape(
      cell: .lstm, vocabularySize: 30, embeddingSize: 8, hiddenSize: 8, layerCount: 2, isTied: false)
    #expect(model.parameterCount == shape.parameterCount)
  }
}
