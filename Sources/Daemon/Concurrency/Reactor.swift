import System

/// Who waits for which descriptor and for which time.
@EventLoop
final class Reactor {
  /// The token of the waker by which other threads end the waiting.
  nonisolated static let wakerToken = 0

  private struct Watched {
    let descriptor: DescriptorNumber
    let handler: @EventLoop (PollConditions) -> Void
  }

  private struct DescriptorNumber: Pollable {
    let descriptorNumber: Int32
  }

  private struct Timer {
    let number: Int
    let deadline: Deadline
    let action: @EventLoop () -> Void
  }

  private let poller: Poller
  private let waker: Waker
  private var watched: [Int: Watched] = [:]
  private var lastToken = Reactor.wakerToken
  /// The next one first.
  private var timers: [Timer] = []
  private var lastTimer = 0
  private var events: [PollEvent] = []
  /// Whether several descriptors had news in the last round.
  private(set) var isCrowded = false
  /// Who wants to go on with what takes long. One has its turn in a round, so that news of others wait for one only.
  private var line = WaitingLine()
  /// How many rounds there were.
  private(set) var round = 0

  init(poller: Poller, waker: Waker) {
    self.poller = poller
    self.waker = waker
  }

  func watch(
    _ pollable: borrowing some Pollable & ~Copyable, for interest: PollInterest,
    handler: @escaping @EventLoop (PollConditions) -> Void
  ) throws(SystemError) -> Int {
    // Tokens are never used twice, so that an event of a closed descriptor can't reach its successor.
    lastToken += 1
    try poller.register(pollable, token: lastToken, interest: interest)
    watched[lastToken] = Watched(
      descriptor: DescriptorNumber(descriptorNumber: pollable.descriptorNumber), handler: handler)
    return lastToken
  }

  func setInterest(_ interest: PollInterest, token: Int) throws(SystemError) {
    guard let found = watched[token] else { return }
    try poller.modify(found.descriptor, token: token, interest: interest)
  }

  func unwatch(_ token: Int) {
    guard let found = watched.removeValue(forKey: token) else { return }
    // It fails only for a descriptor that is closed, which ended the watching too.
    try? poller.remove(found.descriptor)
  }

  func addTimer(at deadline: Deadline, _ action: @escaping @EventLoop () -> Void) -> Int {
    lastTimer += 1
    let index = timers.firstIndex { deadline < $0.deadline } ?? timers.endIndex
    timers.insert(Timer(number: lastTimer, deadline: deadline, action: action), at: index)
    return lastTimer
  }

  func cancelTimer(_ number: Int) { timers.removeAll { $0.number == number } }

  /// Calls `action` when all who asked before have had their turn.
  func inTurn(_ action: @escaping @EventLoop () -> Void) { line.append(action) }

  /// Somebody is served at once, past those who wait for a turn.
  func noteServed() { line.noteServed() }

  /// Whether the loop must not wait for events, as it is somebody's turn.
  var isTurnDue: Bool { line.patienceMilliseconds == 0 }

  /// The jobs that the last round brought have run.
  func endRound() { line.noteEndOfTurn() }

  /// Waits for events, at most until the first timer or turn is due, or only looks for them.
  func wait(whileNothingHappens mayWait: Bool) {
    do throws(SystemError) {
      try poller.wait(timeoutMilliseconds: mayWait ? timeoutMilliseconds : 0, into: &events)
    } catch {
      // Interruptions aside, only a poller that is none makes a wait fail.
      preconditionFailure("\(error)")
    }
  }

  /// How long until the first timer or turn is due; nil when none is.
  private var timeoutMilliseconds: Int32? {
    guard let patience = line.patienceMilliseconds else { return timers.first?.deadline.remainingMilliseconds }
    return min(patience, timers.first?.deadline.remainingMilliseconds ?? patience)
  }

  func handleEvents() {
    round += 1
    isCrowded = events.count > 1
    for event in events {
      if event.token == Self.wakerToken { waker.drain() } else { watched[event.token]?.handler(event.conditions) }
    }
    if !timers.isEmpty { handleTimers() }
    line.takeFirst()?()
  }

  private func handleTimers() {
    // One that is set anew in its action comes in the next round at the earliest.
    let now = Deadline(afterMilliseconds: 0)
    while let timer = timers.first, timer.deadline <= now {
      timers.removeFirst()
      timer.action()
    }
  }
}
