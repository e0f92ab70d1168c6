/// What tells a timer from all others.
package struct TimerID: Hashable, Sendable {
  fileprivate let number: UInt64
}

/// What is due when. It knows no clock: the caller says what time it is.
struct TimerQueue<Payload> {
  private struct Entry {
    let nanoseconds: UInt64
    let id: TimerID
    let payload: Payload
  }

  /// Latest first, so that the next one is taken from the end.
  private var entries: [Entry] = []
  private var lastNumber: UInt64 = 0

  var isEmpty: Bool { entries.isEmpty }

  /// When the next one is due; nil when there is none.
  var nextNanoseconds: UInt64? { entries.last?.nanoseconds }

  /// Adds something to do. Of two for the same moment the one added first comes first.
  mutating func add(_ payload: Payload, at nanoseconds: UInt64) -> TimerID {
    lastNumber += 1
    let id = TimerID(number: lastNumber)
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].nanoseconds > nanoseconds { low = middle + 1 } else { high = middle }
    }
    entries.insert(Entry(nanoseconds: nanoseconds, id: id, payload: payload), at: low)
    return id
  }

  /// Forgets a timer; one that is not there any more is no error.
  mutating func remove(_ id: TimerID) { entries.removeAll { $0.id == id } }

  /// Takes the next one out if it is due.
  mutating func popDue(at now: UInt64) -> Payload? {
    guard let last = entries.last, last.nanoseconds <= now else { return nil }
    return entries.removeLast().payload
  }
}
