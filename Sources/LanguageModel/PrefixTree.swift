import Tokenizers

/// What is remembered of token sequences, found again by the longest remembered beginning of another sequence.
///
/// A radix tree: sequences that begin alike share their beginning, so a text that is asked for again with a word more,
/// or with its last words changed, costs only what is new. Tokens are compared themselves, never by a hash alone, so an
/// answer can't come from another text. Along one sequence only some states are kept: all of the last few positions, then
/// ever fewer the further back, a count that grows with the logarithm of the length.
///
/// Nodes lie in one array and name each other by index, so that neither depth nor size of the tree is ever a depth of
/// calls.
struct PrefixTree<State> {
  /// What was found: the state that has seen the longest remembered beginning of a sequence.
  struct Match {
    /// How many tokens it has seen.
    let count: Int
    let state: State
    /// How much of the sequence leads where in the tree, whether or not a state was kept there.
    let place: PrefixPlace
  }

  /// A stretch of tokens that no other sequence branches off from, and the states remembered within it.
  private struct Node {
    var tokens: [TokenID] = []
    /// How many tokens lead to this node.
    var start = 0
    /// States by the count of tokens that they have seen, ascending; counts in `start + 1 ... end`.
    var states: [(count: Int, state: State)] = []
    var parent = 0
    var childCount = 0
    /// Another one when the node is forgotten and its index used again.
    var identity = PrefixPlace.Identity()
    /// Neighbours in the order of use.
    var older = 0
    var newer = 0

    var end: Int { start + tokens.count }
  }

  private struct Branch: Hashable {
    let parent: Int
    let token: TokenID
  }

  /// The root, under 0, is also the ends of the order of use: its `newer` is the oldest node, its `older` the newest.
  private var nodes = [Node()]
  private var free: [Int] = []
  private var branches: [Branch: Int] = [:]
  private let stateByteCount: Int
  /// About how much memory all of it takes.
  private(set) var byteCount = 0

  /// - Parameter stateByteCount: the size of one state.
  init(stateByteCount: Int) { self.stateByteCount = stateByteCount }

  // MARK: Finding

  /// The state that has seen the longest beginning of `tokens`, maybe all of them.
  ///
  /// - Parameter place: where a beginning of these tokens leads, as the tree has said; it isn't compared again.
  /// - Complexity: one pass over the tokens found behind the place, at the speed of comparing memory, plus one look-up a
  ///   branching.
  mutating func longestPrefix(of tokens: borrowing [TokenID], from place: PrefixPlace? = nil) -> Match? {
    let (node, matched) = descend(along: tokens, upTo: tokens.count, from: place)
    touchPath(to: node)
    var holder = node
    while holder != 0 {
      if let (count, state) = nodes[holder].states.last(where: { $0.count <= matched }) {
        let place = PrefixPlace(count: matched, node: node, identity: nodes[node].identity)
        return Match(count: count, state: state, place: place)
      }
      holder = nodes[holder].parent
    }
    return nil
  }

  /// The node in which ends what the first tokens of a sequence have in common with the tree, and how many that is.
  private func descend(
    along tokens: borrowing [TokenID], upTo limit: Int, from place: PrefixPlace?
  ) -> (node: Int, count: Int) {
    var (node, count) = locate(place, upTo: limit)
    while true {
      let end = min(nodes[node].end, limit)
      if count < end {
        let known = nodes[node].tokens
        let rest = known.span.extracting((count - nodes[node].start)..<(end - nodes[node].start))
        count += rest.countInCommon(with: tokens.span.extracting(count..<end))
      }
      guard count == nodes[node].end, count < limit, let child = branches[Branch(parent: node, token: tokens[count])]
      else { return (node, count) }
      node = child
    }
  }

  /// The node that a place is in now, and up to where it is known; the root if it has been forgotten.
  ///
  /// What leads to a node stays as it is while the node is there: it is only cut in two, or goes on where it ended.
  private func locate(_ place: PrefixPlace?, upTo limit: Int) -> (node: Int, count: Int) {
    guard let place, nodes.indices.contains(place.node), nodes[place.node].identity === place.identity else {
      return (0, 0)
    }
    let count = min(place.count, limit)
    var node = place.node
    while node != 0, nodes[node].start >= count { node = nodes[node].parent }
    return (node, count)
  }

  // MARK: Remembering

  /// Remembers the state that has seen the first `count` of `tokens`.
  ///
  /// - Parameter place: as in `longestPrefix`.
  /// - Returns: where those tokens lead.
  @discardableResult
  mutating func insert(
    _ state: State, after count: Int, of tokens: borrowing [TokenID], from place: PrefixPlace? = nil
  ) -> PrefixPlace? {
    guard count > 0, count <= tokens.count else { return nil }
    var (node, matched) = descend(along: tokens, upTo: count, from: place)
    if matched < count {
      if matched < nodes[node].end { node = split(node, at: matched) }
      node = extend(node, to: count, of: tokens)
    }
    keep(state, after: count, in: node)
    touchPath(to: node)
    return PrefixPlace(count: count, node: node, identity: nodes[node].identity)
  }

  /// Makes the tree go on from the end of a node: in the node itself when nothing branches off there, else in a new one.
  private mutating func extend(_ node: Int, to count: Int, of tokens: borrowing [TokenID]) -> Int {
    let added = tokens[nodes[node].end..<count]
    byteCount += added.count * MemoryLayout<TokenID>.stride
    if node != 0, nodes[node].childCount == 0 {
      nodes[node].tokens.append(contentsOf: added)
      return node
    }
    var child = Node()
    child.tokens = Array(added)
    child.start = nodes[node].end
    return adopt(child, under: node)
  }

  /// Cuts a node in two at a count of tokens within it and returns the first part, which keeps the place in the tree.
  private mutating func split(_ node: Int, at count: Int) -> Int {
    var head = Node()
    let length = count - nodes[node].start
    head.tokens = Array(nodes[node].tokens[..<length])
    head.start = nodes[node].start
    let kept = nodes[node].states.prefix { $0.count <= count }.count
    head.states = Array(nodes[node].states[..<kept])
    let parent = nodes[node].parent
    nodes[parent].childCount -= 1
    let index = adopt(head, under: parent)
    nodes[node].tokens.removeFirst(length)
    nodes[node].states.removeFirst(kept)
    nodes[node].start = count
    nodes[node].parent = index
    nodes[index].childCount = 1
    branches[Branch(parent: index, token: nodes[node].tokens[0])] = node
    return index
  }

  /// Gives a node a place in the array, in the tree and in the order of use.
  private mutating func adopt(_ node: Node, under parent: Int) -> Int {
    var node = node
    node.parent = parent
    let token = node.tokens[0]
    let index: Int
    if let reused = free.popLast() {
      nodes[reused] = node
      index = reused
    } else {
      index = nodes.count
      nodes.append(node)
    }
    nodes[parent].childCount += 1
    branches[Branch(parent: parent, token: token)] = index
    byteCount += Self.nodeByteCount
    link(index)
    return index
  }

  private mutating func keep(_ state: State, after count: Int, in node: Int) {
    let place = nodes[node].states.lastIndex { $0.count <= count }
    if let place, nodes[node].states[place].count == count { return }
    nodes[node].states.insert((count, state), at: place.map { $0 + 1 } ?? 0)
    byteCount += stateByteCount
    if nodes[node].states.count > Self.stateCountBeforeThinning { thin(node) }
  }

  /// Keeps, at a distance d before the node's end, one state in every power of two that is at most d/8.
  ///
  /// A position kept at some distance was also due at every smaller one, so thinning again and again as a text grows
  /// comes to the same.
  private mutating func thin(_ node: Int) {
    let end = nodes[node].end
    let before = nodes[node].states.count
    nodes[node].states.removeAll { entry in
      let distance = end - entry.count
      guard distance >= 16 else { return false }
      let spacing = 1 << (Int.bitWidth - 1 - (distance / 8).leadingZeroBitCount)
      return entry.count % spacing != 0
    }
    byteCount -= (before - nodes[node].states.count) * stateByteCount
  }

  // MARK: Forgetting

  /// Forgets the stretch that was used least recently and that nothing branches off from; false when there is none.
  mutating func evictOldest() -> Bool {
    let oldest = nodes[0].newer
    // A node is used no earlier than what branches off from it, so the oldest one is a leaf.
    guard oldest != 0, nodes[oldest].childCount == 0 else { return false }
    unlink(oldest)
    let node = nodes[oldest]
    branches[Branch(parent: node.parent, token: node.tokens[0])] = nil
    nodes[node.parent].childCount -= 1
    byteCount -=
      Self.nodeByteCount + node.tokens.count * MemoryLayout<TokenID>.stride + node.states.count * stateByteCount
    nodes[oldest] = Node()
    free.append(oldest)
    return true
  }

  /// A node has been used, and what it branches off from after it.
  private mutating func touchPath(to node: Int) {
    var node = node
    while node != 0 {
      unlink(node)
      link(node)
      node = nodes[node].parent
    }
  }

  private mutating func link(_ node: Int) {
    let newest = nodes[0].older
    nodes[node].older = newest
    nodes[node].newer = 0
    nodes[newest].newer = node
    nodes[0].older = node
  }

  private mutating func unlink(_ node: Int) {
    let (older, newer) = (nodes[node].older, nodes[node].newer)
    nodes[older].newer = newer
    nodes[newer].older = older
  }

  private static var nodeByteCount: Int { 160 }
  private static var stateCountBeforeThinning: Int { 192 }
}

/// Where the first tokens of a sequence lead in a `PrefixTree`, so that they need not be compared with it again.
///
/// It may be kept for as long as one likes: once the tree has forgotten what is there, it is worth nothing.
struct PrefixPlace: Sendable {
  /// Tells a node from one that gets its index later.
  final class Identity: Sendable {}

  /// How many tokens lead there.
  fileprivate(set) var count: Int
  fileprivate let node: Int
  fileprivate let identity: Identity

  /// Where fewer of the tokens lead.
  func shortened(to count: Int) -> PrefixPlace? {
    if count <= 0 { return nil }
    var place = self
    place.count = Swift.min(place.count, count)
    return place
  }
}
