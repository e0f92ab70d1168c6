import System

/// How much the daemon says.
package enum LogLevel: String, CaseIterable, Comparable, Sendable {
  case error, warning, info, debug

  package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }

  private var rank: Int {
    switch self {
    case .error: 0
    case .warning: 1
    case .info: 2
    case .debug: 3
    }
  }
}

/// What the daemon tells whoever runs it: one line an event, with the time in UTC.
///
/// Lines name calls, models, sizes and error kinds, and never hold a word of the user's text.
package struct Log: Sendable {
  package let level: LogLevel
  private let write: @Sendable (String) -> Void

  /// Lines of this level and the more urgent ones go to `write`, each ended by a line feed.
  package init(_ level: LogLevel, to write: @escaping @Sendable (String) -> Void) {
    self.level = level
    self.write = write
  }

  package func error(_ message: @autoclosure () -> String) { log(.error, message) }
  package func warning(_ message: @autoclosure () -> String) { log(.warning, message) }
  package func info(_ message: @autoclosure () -> String) { log(.info, message) }
  package func debug(_ message: @autoclosure () -> String) { log(.debug, message) }

  private func log(_ level: LogLevel, _ message: () -> String) {
    guard level <= self.level else { return }
    // A path may hold a line feed; a line of the log may not.
    let line = message().split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\\n")
    write("\(Timestamp(secondsSince1970: WallClock.seconds)) \(level.rawValue) \(line)\n")
  }
}

/// A moment as ISO 8601 writes it, in UTC to the millisecond: `2026-01-31T09:05:07.042Z`.
package struct Timestamp: CustomStringConvertible {
  package let description: String

  package init(secondsSince1970 seconds: Double) {
    let milliseconds = Int(exactly: (max(0, seconds) * 1_000).rounded(.down)) ?? 0
    let (days, milliseconds1) = milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
    let (year, month, day) = Self.date(daysSince1970: days)
    let (secondOfDay, thousandths) = milliseconds1.quotientAndRemainder(dividingBy: 1_000)
    let (minuteOfDay, second) = secondOfDay.quotientAndRemainder(dividingBy: 60)
    let (hour, minute) = minuteOfDay.quotientAndRemainder(dividingBy: 60)
    description =
      "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
      + "T\(Self.padded(hour, 2)):\(Self.padded(minute, 2)):\(Self.padded(second, 2)).\(Self.padded(thousandths, 3))Z"
  }

  /// The Gregorian date, counted in years that begin with March, so that the leap day comes last.
  private static func date(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
    let sinceYearZero = days + 719_468
    let (era, dayOfEra) = sinceYearZero.quotientAndRemainder(dividingBy: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
