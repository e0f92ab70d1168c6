import System

/// How long somebody has kept the loop from everybody else.
@EventLoop
struct Stretch {
  private var start = MonotonicClock.nanoseconds
  private var round = EventLoop.round

  /// Whether it is time to let others have their turn: see ``EventLoop/nextTurn()``. Who has waited meanwhile, for a turn
  /// or for something else, has let them, and begins anew.
  var isLong: Bool {
    mutating get {
      let now = MonotonicClock.nanoseconds
      guard round == EventLoop.round else {
        round = EventLoop.round
        start = now
        return false
      }
      return now - start > Self.nanosecondLimit
    }
  }

  /// About as long as a short question takes with its way to the client and back: while many keep the loop busy, one that
  /// asks short questions waits for each answer about twice as long as it would alone.
  private static let nanosecondLimit: UInt64 = 25_000
}
