import JSON
import Testing

@testable import Bench

@Suite struct BenchmarkReportTests {
  private let report: BenchmarkReport = {
    var report = BenchmarkReport(machine: Machine(processor: "Some CPU", coreCount: 2), isQuick: true)
    report.seconds = 1.5
    let product = Figure.Comparison(with: "peak.fp32.1", label: "fp32 peak", ratio: 0.9)
    report.sections = [
      .init(
        title: "products", part: .product,
        figures: [
          Figure("peak.fp32.1", "the peak", 110.25, .gigaflops),
          Figure("other", "something else", 1, .seconds),
          Figure(
            "product.a.1", "a product", variant: "one core", 99.2, .gigaflops, comparison: product,
            target: .ratio(.atLeast, 0.85)),
          Figure(
            "product.a.2", "a product", variant: "2 cores", 80, .gigaflops,
            comparison: .init(with: "peak.fp32.2", label: "fp32 peak", ratio: 0.4), target: .ratio(.atLeast, 0.85)),
          Figure("slow", "something slow", .nan, .milliseconds, target: .value(.atMost, 4, origin: "echo + 3 ms")),
        ]),
      .init(title: "by size", part: .growth, figures: [Figure("growth.size.10", "10", 1_234, .tokensPerSecond)]),
    ]
    return report
  }()

  @Test("programs get every figure under its name, with what it is a ratio of and what it must reach")
  func json() {
    #expect(
      report.json.description
        == #"{"processor":"Some CPU","cores":2,"quick":true,"seconds":1.5,"figures":{"#
        + #""peak.fp32.1":{"title":"the peak","value":110.25,"unit":"GFLOP/s"},"#
        + #""other":{"title":"something else","value":1,"unit":"s"},"#
        + #""product.a.1":{"title":"a product, one core","value":99.2,"unit":"GFLOP/s","ratio":0.9,"of":"peak.fp32.1","#
        + #""target":{"of":"ratio","atLeast":0.85,"reached":true}},"#
        + #""product.a.2":{"title":"a product, 2 cores","value":80,"unit":"GFLOP/s","ratio":0.4,"of":"peak.fp32.2","#
        + #""target":{"of":"ratio","atLeast":0.85,"reached":false}},"#
        + #""slow":{"title":"something slow","value":null,"unit":"ms","#
        + #""target":{"of":"value","atMost":4,"reached":false}},"#
        + #""growth.size.10":{"title":"10","value":1234,"unit":"tokens/s"}}}"#)
  }

  @Test("people get a row a figure, and a count of what is reached")
  func rows() {
    #expect(report.rows.map(\.title) == ["products", "by size"])
    #expect(
      report.rows[0].rows == [
        ["the peak", "110 GFLOP/s", "", "", ""], ["something else", "1 s", "", "", ""],
        ["a product, one core", "99.2 GFLOP/s", "90% of fp32 peak", "≥ 85%", "reached"],
        ["a product, 2 cores", "80 GFLOP/s", "40% of fp32 peak", "≥ 85%", "missed"],
        ["something slow", "- ms", "", "≤ echo + 3 ms", "missed"],
      ])
    #expect(report.summary == "1 of 3 targets are reached")
  }

  @Test("a document gets a row for each subject with a target and for its limits, and a table for each series")
  func markdown() {
    #expect(
      report.markdown == [
        "| what | must reach | measured | reached | command |",
        "|---|---|---|---|---|",
        "| products: the peak |  | 110 GFLOP/s |  | `rnnd bench --only product` |",
        "| products: a product | ≥ 85% | one core: 99.2 GFLOP/s, 90% of fp32 peak; 2 cores: 80 GFLOP/s, 40% of fp32 peak "
          + "| one core: reached; 2 cores: missed | `rnnd bench --only product` |",
        "| products: something slow | ≤ echo + 3 ms | - ms | missed | `rnnd bench --only product` |",
        "",
        "| by size | measured | compared |",
        "|---|---|---|",
        "| 10 | 1,234 tokens/s |  |",
      ])
  }

  @Test("without targets there is no count of them")
  func noTargets() {
    let report = BenchmarkReport(machine: Machine(processor: nil, coreCount: 1), isQuick: false)
    #expect(report.summary == nil)
    #expect(report.markdown.isEmpty)
    #expect(report.json["processor"] == .null)
  }
}
