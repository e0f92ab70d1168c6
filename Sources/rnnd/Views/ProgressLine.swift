/// How far a long training has come, on one line that is drawn over again.
struct ProgressLine {
  private var losses: [Double] = []
  private let startNanoseconds: UInt64

  init(startNanoseconds: UInt64) {
    self.startNanoseconds = startNanoseconds
  }

  /// What the daemon reports on its way.
  struct Report {
    var epoch: Int
    var epochs: Int
    var update: Int
    var updates: Int
    var tokensPerSecond: Double
    var loss: Double
    var perplexity: Double
  }

  mutating func line(for report: Report, nowNanoseconds: UInt64, on screen: Screen) -> String {
    if report.loss.isFinite { losses.append(report.loss) }
    let done = report.updates > 0 ? min(1, Double(report.update) / Double(report.updates)) : 0
    let elapsed = Double(nowNanoseconds - startNanoseconds) / 1e9
    let remaining = done > 0 ? elapsed / done * (1 - done) : .infinity
    let facts = [
      Figures.percent(done).padded(to: 6, alignedRight: true),
      "epoch \(report.epoch)/\(report.epochs)",
      "loss \(Figures.fixed(report.loss, 3))",
      "perplexity \(Figures.short(report.perplexity))",
      "\(Figures.grouped(Int(clamping: report.tokensPerSecond))) tokens/s",
      done > 0 ? "\(Figures.duration(seconds: remaining)) left" : "",
    ].filter { !$0.isEmpty }
    guard screen.isTerminal else { return facts.joined(separator: "  ").printableLine }
    let text = facts.joined(separator: "  ")
    let free = screen.columns - DisplayWidth.of(text) - 3
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
