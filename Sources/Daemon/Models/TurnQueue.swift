import LanguageModel
import RPC
import System

/// What is to change a model, or must see it between changes: one thing after the other, in the order in which it was
/// asked for.
@EventLoop
final class TurnQueue {
  private struct Turn {
    let number: Int
    let lesson: WaitingLesson?
    let take: @EventLoop () async -> Void
    let refuse: @EventLoop (RPCError) -> Void
  }

  private var turns: [Turn] = []
  private var isOpen = false
  private var isTaking = false
  private var lastNumber = 0
  /// Raised while a turn waits, so that long training lets it through after the update that it is at.
  private(set) var attention = Flag()
  /// Called with lessons that wait together, before the first of them has its turn.
  var lessonsWaitTogether: (@EventLoop ([WaitingLesson]) async -> Void)?

  /// Called when nobody waits for a turn any more; who comes meanwhile waits for its end.
  var ranEmpty: (@EventLoop () async -> Void)?

  /// As many lessons are brought to the journal at once.
  private static let groupLimit = 128

  nonisolated init() {}

  var isEmpty: Bool { turns.isEmpty }
  /// Whether nothing waits, and nobody has their turn.
  var isIdle: Bool { turns.isEmpty && !isTaking }

  /// Lets turns begin.
  func open() {
    isOpen = true
    takeTurns()
  }

  /// Does something in its turn: after what was asked for before, and before what is asked for later.
  ///
  /// The place in the queue is taken before this first waits. A turn that is cancelled while it waits never comes; one
  /// that has come, or whose lesson is in the journal already, is waited for.
  func take<Value: Sendable>(
    for lesson: WaitingLesson? = nil, unless cancellation: Cancellation? = nil,
    _ body: @escaping @EventLoop () async throws(RPCError) -> Value
  ) async throws(RPCError) -> Value {
    try cancellation?.check()
    let outcome = Deferred<Value>()
    lastNumber += 1
    let number = lastNumber
    turns.append(
      Turn(
        number: number, lesson: lesson,
        take: {
          do throws(RPCError) { outcome.complete(.success(try await body())) } catch {
            outcome.complete(.failure(error))
          }
        },
        refuse: { outcome.complete(.failure($0)) }))
    attention.raise()
    let handler = cancellation?.onCancel { [weak self] in
      self?.giveUp(number, cancellation?.cause?.error ?? .cancelled())
    }
    takeTurns()
    defer { if let handler { cancellation?.forget(handler) } }
    return try await outcome.value()
  }

  /// Ends a slice of long training early.
  func callAttention() { attention.raise() }

  func refuseAll(_ error: RPCError) {
    let refused = turns
    turns = []
    for turn in refused { turn.refuse(error) }
  }

  /// The lessons that wait.
  var lessons: [WaitingLesson] { turns.compactMap(\.lesson) }

  /// Takes a turn that hasn't come out of the queue.
  private func giveUp(_ number: Int, _ error: RPCError) {
    guard let index = turns.firstIndex(where: { $0.number == number }), turns[index].lesson?.isRecorded != true else {
      return
    }
    turns.remove(at: index).refuse(error)
  }

  private func takeTurns() {
    guard !isTaking, isOpen else { return }
    isTaking = true
    EventLoop.later { [self] in
      while !turns.isEmpty {
        await prepareLessons()
        // Those who waited may have given up meanwhile.
        if !turns.isEmpty {
          let turn = turns.removeFirst()
          if turns.isEmpty { attention = Flag() }
          await turn.take()
        }
        if turns.isEmpty { await ranEmpty?() }
      }
      isTaking = false
    }
  }

  /// Lets the lessons that wait at the front be prepared together, if there are several and it hasn't been done.
  private func prepareLessons() async {
    let group = turns.prefix(Self.groupLimit).prefix { $0.lesson?.canBeRecordedAhead == true }.compactMap(\.lesson)
    guard group.count > 1, let first = group.first, !first.isRecorded else { return }
    await lessonsWaitTogether?(group)
  }
}

/// A lesson whose turn has not come.
@EventLoop
final class WaitingLesson {
  let ticket: LessonTicket
  /// Where it stands in the journal, once it does.
  var sequence: UInt64?
  /// Whether it stands there, or is about to.
  var isRecorded = false

  init(_ ticket: LessonTicket) { self.ticket = ticket }

  /// Whether all that the journal says of it is known before its turn: it depends on no lesson before it.
  var canBeRecordedAhead: Bool { !ticket.request.carries && ticket.request.expectedStep == nil }
}
