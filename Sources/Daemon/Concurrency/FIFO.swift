/// A queue: what came first goes first, at a cost that does not depend on how many wait.
struct FIFO<Element> {
  /// Nil in the places of those who have gone.
  private var places: [Element?] = []
  private var start = 0

  var count: Int { places.count - start }
  var isEmpty: Bool { count == 0 }

  /// The one that came last.
  var last: Element? {
    get { isEmpty ? nil : places[places.count - 1] }
    _modify {
      precondition(!isEmpty, "FIFO: nobody is last")
      yield &places[places.count - 1]
    }
  }

  /// The one that goes next.
  var first: Element? { isEmpty ? nil : places[start] }

  mutating func append(_ element: Element) { places.append(element) }

  mutating func popFirst() -> Element? {
    guard !isEmpty else { return nil }
    let element = places[start].take()
    start += 1
    if start > places.count / 2 {
      places.removeSubrange(..<start)
      start = 0
    }
    return element
  }
}
