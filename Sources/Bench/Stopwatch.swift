import System

/// How long something took.
struct Stopwatch {
  private let start = MonotonicClock.nanoseconds

  var nanoseconds: Double { Double(MonotonicClock.nanoseconds - start) }
  var microseconds: Double { nanoseconds / 1e3 }
  var milliseconds: Double { nanoseconds / 1e6 }
  var seconds: Double { nanoseconds / 1e9 }

  /// Repeats `work` for at least `seconds` and returns how often it was done in a second.
  static func rate(seconds: Double, _ work: () -> Void) -> Double {
    let watch = Stopwatch()
    var count = 0.0
    repeat {
      work()
      count += 1
    } while watch.seconds < seconds
    return count / watch.seconds
  }
}
