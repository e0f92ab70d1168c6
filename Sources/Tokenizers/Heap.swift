/// A binary heap with the smallest element first.
package struct Heap<Element: Comparable> {
  private var elements: [Element] = []

  package init() {}

  /// - Complexity: O(n)
  init(_ elements: [Element]) {
    self.elements = elements
    for index in stride(from: elements.count / 2 - 1, through: 0, by: -1) { sink(index) }
  }

  var isEmpty: Bool { elements.isEmpty }

  package var count: Int { elements.count }

  /// The smallest element.
  package var first: Element? { elements.first }

  mutating func removeAll() {
    elements.removeAll(keepingCapacity: true)
  }

  package mutating func push(_ element: Element) {
    elements.append(element)
    var index = elements.count - 1
    while index > 0 {
      let parent = (index - 1) / 2
      if elements[parent] <= elements[index] { break }
      elements.swapAt(parent, index)
      index = parent
    }
  }

  package mutating func pop() -> Element? {
    guard let last = elements.popLast() else { return nil }
    guard let first = elements.first else { return last }
    elements[0] = last
    sink(0)
    return first
  }

  private mutating func sink(_ start: Int) {
    var index = start
    while true {
      var smallest = index
      for child in (2 * index + 1)...(2 * index + 2) where child < elements.count {
        if elements[child] < elements[smallest] { smallest = child }
      }
      if smallest == index { return }
      elements.swapAt(index, smallest)
      index = smallest
    }
  }
}

extension Heap: Sendable where Element: Sendable {}
