import System

/// All who keep the loop busy, one behind the other: each goes on for a stretch when it is its turn.
///
/// While others ask what is answered at once, the line moves only for a part of the time, and the loop sleeps for the rest
/// of it if they have nothing to ask: whoever floods it is slowed down with what he sends, and leaves the processors to
/// those who don't.
@EventLoop
struct WaitingLine {
  private var actions = FIFO<@EventLoop () -> Void>()
  /// When the present period began.
  private var periodStart: UInt64 = 0
  /// For how long the line has moved while others asked, less what past periods allowed: who took more than one period
  /// allows leaves less of the next ones.
  private var use: UInt64 = 0
  /// When the present turn began.
  private var turnStart: UInt64?
  /// When somebody was served at once for the last time, past others in line.
  private var lastServed: UInt64 = 0

  private static let periodNanoseconds: UInt64 = 1_000_000
  private static let useNanosecondLimit: UInt64 = 300_000
  /// After so many periods whatever was taken is forgotten: it may be that the loop's thread had no processor.
  private static let debtPeriodLimit: UInt64 = 4
  /// For so long others are expected to ask again.
  private static let patienceNanoseconds: UInt64 = 2_000_000

  mutating func append(_ action: @escaping @EventLoop () -> Void) { actions.append(action) }

  /// Somebody is served at once. Who stands in line himself is not, so it is another who is asking.
  mutating func noteServed() {
    if !actions.isEmpty { lastServed = MonotonicClock.nanoseconds }
  }

  /// How long the loop may wait for events at most, in milliseconds, before the next one in line has its turn; nil when
  /// nobody is in line.
  var patienceMilliseconds: Int32? {
    mutating get { actions.isEmpty ? nil : mayMove(at: MonotonicClock.nanoseconds) ? 0 : 1 }
  }

  /// Gives the first one in line its turn, if it is time for that.
  mutating func takeFirst() -> (@EventLoop () -> Void)? {
    guard !actions.isEmpty else { return nil }
    let now = MonotonicClock.nanoseconds
    guard mayMove(at: now) else { return nil }
    turnStart = now
    return actions.popFirst()
  }

  /// Counts how long the last turn took, with the jobs that came of it. Call it when they have run.
  mutating func noteEndOfTurn() {
    guard let start = turnStart.take() else { return }
    use = min(use + MonotonicClock.nanoseconds - start, Self.useNanosecondLimit * Self.debtPeriodLimit)
  }

  private mutating func mayMove(at now: UInt64) -> Bool {
    let periodCount = (now - periodStart) / Self.periodNanoseconds
    if periodCount > 0 {
      periodStart += periodCount * Self.periodNanoseconds
      use -= min(use, periodCount * Self.useNanosecondLimit)
    }
    if now - lastServed > Self.patienceNanoseconds { use = 0 }
    return use < Self.useNanosecondLimit
  }
}
