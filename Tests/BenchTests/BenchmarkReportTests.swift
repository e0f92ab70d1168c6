import JSON
import Testing

@testable import Bench

@Suite struct BenchmarkReportTests {
  private let report: BenchmarkReport = {
    var report = BenchmarkReport(coreCount: 2)
    report.sections = [
      .init(
        title: "first",
        figures: [
          Figure("peak", "the peak", 110.25, .gigaflops),
          Figure("product", "a product", 99.2, .gigaflops, comparison: .init(with: "peak", ratio: 0.9)),
          Figure("slow", "something slow", .nan, .milliseconds),
        ])
    ]
    return report
  }()

  @Test("programs get every figure under its name, with what it is a ratio of")
  func json() {
    #expect(
      report.json.description
        == #"{"cores":2,"figures":{"peak":{"value":110.25,"unit":"GFLOP/s"},"#
        + #""product":{"value":99.2,"unit":"GFLOP/s","ratio":0.9,"of":"peak"},"slow":{"value":null,"unit":"ms"}}}"#)
  }

  @Test("people get a row a figure")
  func rows() {
    #expect(report.rows.map(\.title) == ["first"])
    #expect(
      report.rows[0].rows == [
        ["the peak", "110 GFLOP/s", ""], ["a product", "99.2 GFLOP/s", "90% of peak"], ["something slow", "- ms", ""],
      ])
  }

  @Test(
    "numbers are rounded to three digits",
    arguments: [(0.1234, "0.12"), (1.239, "1.24"), (12.34, "12.3"), (1234.5, "1235"), (.infinity, "-")])
  func rounding(value: Double, expected: String) {
    #expect(BenchmarkReport.rounded(value) == expected)
  }
}
