import System

/// How long one client has kept the loop to itself.
struct Stretch {
  private let start = MonotonicClock.nanoseconds

  /// Whether it is time to let others have their turn.
  var isLong: Bool { MonotonicClock.nanoseconds - start > Self.nanosecondLimit }

  private static let nanosecondLimit: UInt64 = 500_000
}
