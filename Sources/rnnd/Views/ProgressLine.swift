/// How far long work has come, on one line that is drawn over again.
struct ProgressLine {
  private var losses: [Double] = []
  private let startNanoseconds: UInt64

  init(startNanoseconds: UInt64) {
    self.startNanoseconds = startNanoseconds
  }

  /// What the daemon reports on its way; what it leaves out is not shown.
  struct Report {
    var phase = ""
    var epoch: Int?
    var epochCount: Int?
    /// In tokens.
    var done: Int
    var total: Int
    var tokensPerSecond: Double?
    var loss: Double?
    var perplexity: Double?
  }

  mutating func line(for report: Report, nowNanoseconds: UInt64, on screen: Screen) -> String {
    if let loss = report.loss, loss.isFinite { losses.append(loss) }
    let done = report.total > 0 ? min(1, Double(report.done) / Double(report.total)) : 0
    let elapsed = Double(nowNanoseconds - startNanoseconds) / 1e9
    let rate = report.tokensPerSecond ?? (elapsed > 0.2 ? Double(report.done) / elapsed : 0)
    let remaining = rate > 0 ? Double(report.total - report.done) / rate : .infinity
    let facts = [
      report.phase == "validating" ? "validating" : Figures.percent(done).padded(to: 6, alignedRight: true),
      report.epochCount.map { "epoch \(report.epoch ?? 1)/\($0)" },
      report.loss.map { "loss \(Figures.fixed($0, 3))" },
      report.perplexity.map { "perplexity \(Figures.short($0))" },
      rate > 0 ? "\(Figures.grouped(Int(clamping: rate))) tokens/s" : nil,
      remaining.isFinite && done < 1 ? "\(Figures.duration(seconds: remaining)) left" : nil,
    ]
    let text = facts.compactMap(\.self).joined(separator: "  ")
    guard screen.isTerminal else { return text }
    let free = screen.columns - DisplayWidth.of(text) - 6
    guard free >= 8 else { return DisplayWidth.fitted(text, columns: screen.columns - 1) }
    return text + "  " + screen.style(Graphs.sparkline(losses, columns: min(free, 32)), .accent)
  }
}

extension Int {
  /// The nearest whole number that there is.
  init(clamping value: Double) {
    self = value.isNaN ? 0 : value >= 9e18 ? .max : value <= -9e18 ? .min : Int(value)
  }
}
