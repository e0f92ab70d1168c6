/// Pictures made of block characters.
enum Graphs {
  private static let eighthsWide: [Character] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"]
  private static let eighthsHigh: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// A bar `fraction` of `columns` long, to an eighth of a column; anything above nothing shows.
  static func bar(_ fraction: Double, columns: Int) -> String {
    guard fraction > 0, columns > 0 else { return "" }
    let eighths = max(1, Int((min(fraction, 1) * Double(columns * 8)).rounded()))
    var bar = String(repeating: "█", count: eighths / 8)
    if eighths % 8 > 0 { bar.append(eighthsWide[eighths % 8 - 1]) }
    return bar
  }

  /// The values as one line of little columns, the smallest lowest; more values than columns are averaged.
  static func sparkline(_ values: [Double], columns: Int) -> String {
    let finite = values.filter(\.isFinite)
    let shown = averaged(finite, count: columns)
    guard let low = shown.min(), let high = shown.max() else { return "" }
    let range = high - low
    return String(shown.map { eighthsHigh[range > 0 ? min(7, Int(($0 - low) / range * 8)) : 0] })
  }

  private static func averaged(_ values: [Double], count: Int) -> [Double] {
    guard values.count > count, count > 0 else { return values }
    return (0..<count).map { column in
      let part = values[(column * values.count / count)..<((column + 1) * values.count / count)]
      return part.reduce(0, +) / Double(part.count)
    }
  }
}
