#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The picture of a gradient on its way back through time: a bar for each lag, on a logarithmic scale, and a sentence
/// that says what happens to it.
struct GradientFlowView {
  /// The gradient's L2 norm by lag; the first is the last time step's own.
  var norms: [Double]

  private static let rowLimit = 32
  /// So wide a scale that a gradient that vanishes looks different from one that does not.
  private static let decadesAtLeast = 6.0

  func lines(on screen: Screen) -> [String] {
    guard screen.isTerminal else {
      return norms.enumerated().map { "\($0.offset)\t\($0.element)" }
    }
    return rows(on: screen) + ["", verdict(on: screen)]
  }

  private func rows(on screen: Screen) -> [String] {
    let shown = lags
    let logarithms = norms.filter { $0 > 0 && $0.isFinite }.map(log10)
    let high = (logarithms.max() ?? 0).rounded(.up)
    let low = min((logarithms.min() ?? 0).rounded(.down), high - Self.decadesAtLeast)
    let columns = max(10, min(60, screen.columns - 20))
    let scale = Figures.scientific(pow(10, low)).padded(to: columns - 7) + Figures.scientific(pow(10, high))
    let title = screen.style("lag      norm   " + scale, .faint)
    return [title]
      + shown.map { lag in
        let norm = norms[lag]
        let fraction = norm > 0 && norm.isFinite ? max((log10(norm) - low) / (high - low), 0.001) : 0
        let figures =
          String(lag).padded(to: 3, alignedRight: true) + Figures.scientific(norm).padded(to: 10, alignedRight: true)
        return figures + "   " + screen.style(Graphs.bar(fraction, columns: columns), tone)
      }
  }

  /// Every lag while they fit, else evenly spaced ones, the first and the last among them.
  private var lags: [Int] {
    guard norms.count > Self.rowLimit else { return Array(norms.indices) }
    return (0..<Self.rowLimit).map { $0 * (norms.count - 1) / (Self.rowLimit - 1) }
  }

  // MARK: What happens to it

  enum Fate: Equatable {
    case vanishes, holds, explodes, isGone, isUnknown
  }

  /// The mean factor by which the norm changes with each step back.
  var factor: Double? {
    guard let first = norms.first, let last = norms.lastIndex(where: { $0 > 0 && $0.isFinite }), last > 0, first > 0
    else { return nil }
    return pow(norms[last] / first, 1 / Double(last))
  }

  var fate: Fate {
    guard norms.count > 1, let first = norms.first, first > 0 else { return .isUnknown }
    guard let factor else { return .isGone }
    if factor > 1.05 { return .explodes }
    return factor < 0.9 ? .vanishes : .holds
  }

  private var tone: Screen.Tone {
    switch fate {
    case .vanishes, .isGone: .warning
    case .explodes: .bad
    case .holds, .isUnknown: .good
    }
  }

  private func verdict(on screen: Screen) -> String {
    let steps = norms.count - 1
    let rate = factor.map { Figures.fixed($0, 2) } ?? ""
    switch fate {
    case .isUnknown:
      return "The text is too short to show how the gradient changes: give a longer one."
    case .isGone:
      return screen.style("The gradient vanishes at once", .warning) + ": nothing of it is left one step back."
    case .vanishes:
      let reach = factor.map { Int((log(0.001) / log($0)).rounded(.up)) } ?? 0
      return screen.style("The gradient vanishes", .warning)
        + ": each step back leaves \(rate) of it, so that a thousandth is left after \(reach) tokens."
    case .holds:
      return screen.style("The gradient survives", .good)
        + ": each step back leaves \(rate) of it; over \(steps) tokens it went from "
        + "\(Figures.scientific(norms.first ?? 0)) to \(Figures.scientific(norms.last ?? 0))."
    case .explodes:
      return screen.style("The gradient explodes", .bad)
        + ": each step back multiplies it by \(rate). Train with --clip-norm, or a smaller learning rate."
    }
  }
}
