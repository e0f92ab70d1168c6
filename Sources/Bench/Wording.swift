/// Figures in words and rounded numbers, as people read them.
enum Wording {
  static func value(of figure: Figure) -> String { "\(rounded(figure.value)) \(figure.unit.rawValue)" }

  /// `90% of fp32 peak`, `4.2x echo`; empty without a comparison.
  static func comparison(of figure: Figure) -> String {
    guard let comparison = figure.comparison, comparison.ratio < 1e6 else { return "" }
    let ratio = ratio(comparison.ratio)
    return ratio.hasSuffix("%") ? "\(ratio) of \(comparison.label)" : "\(ratio) \(comparison.label)"
  }

  /// `≥ 85%`, `≤ 4 ms`, `≤ echo + 60 µs`; empty without a target.
  static func target(of figure: Figure) -> String {
    guard let target = figure.target else { return "" }
    let sign = target.bound == .atLeast ? "≥" : "≤"
    let limit =
      switch target.quantity {
      case .value: target.origin ?? "\(rounded(target.limit)) \(figure.unit.rawValue)"
      case .ratio: ratio(target.limit)
      }
    return "\(sign) \(limit)"
  }

  /// `reached`, `missed`; empty without a target.
  static func outcome(of figure: Figure) -> String {
    figure.isReached.map { $0 ? "reached" : "missed" } ?? ""
  }

  /// Parts in percent, multiples with an x.
  static func ratio(_ ratio: Double) -> String {
    ratio < 2 ? "\(Int((ratio * 100).rounded()))%" : "\(rounded(ratio))x"
  }

  /// Three significant digits, and thousands set off.
  static func rounded(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "-" }
    if abs(value) >= 100 { return grouped(Int(value.rounded())) }
    let scale = abs(value) >= 10 ? 10.0 : 100.0
    let text = "\((value * scale).rounded() / scale)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  private static func grouped(_ value: Int) -> String {
    let digits = Array(String(value.magnitude))
    var text = value < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
      text.append(digit)
    }
    return text
  }
}
