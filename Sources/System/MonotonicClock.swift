import CSystem

/// Time that only goes forward, whatever is done to the wall clock.
package enum MonotonicClock {
  /// Nanoseconds since some moment before the process began.
  package static var nanoseconds: UInt64 { UInt64(max(0, rnnd_monotonic_nanoseconds())) }

  /// Sleeps.
  package static func pause(milliseconds: Int32) {
    let deadline = Deadline(afterMilliseconds: Int(milliseconds))
    while !deadline.hasPassed { _ = rnnd_poll_one(-1, 0, deadline.remainingMilliseconds) }
  }
}

/// The time of day, for logs and descriptions.
package enum WallClock {
  /// Seconds since 1 January 1970, UTC.
  package static var seconds: Double { Double(rnnd_wall_nanoseconds()) / 1e9 }
}

/// A moment by which something has to be done.
package struct Deadline: Sendable, Comparable {
  /// In `MonotonicClock`'s nanoseconds.
  package let nanoseconds: UInt64

  /// A number of milliseconds from now; less than none is now.
  package init(afterMilliseconds milliseconds: Int) {
    let (length, isTooLong) = UInt64(max(0, milliseconds)).multipliedReportingOverflow(by: 1_000_000)
    let (end, isTooLate) = MonotonicClock.nanoseconds.addingReportingOverflow(length)
    nanoseconds = isTooLong || isTooLate ? .max : end
  }

  package var hasPassed: Bool { MonotonicClock.nanoseconds >= nanoseconds }

  /// What is left, rounded up so that a wait of this length does not end too early; at most what `poll` can take.
  package var remainingMilliseconds: Int32 {
    let now = MonotonicClock.nanoseconds
    guard nanoseconds > now else { return 0 }
    let milliseconds = (nanoseconds - now - 1) / 1_000_000 + 1
    return Int32(clamping: milliseconds)
  }

  package static func < (left: Deadline, right: Deadline) -> Bool { left.nanoseconds < right.nanoseconds }
}
