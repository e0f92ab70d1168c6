import Networks

/// Hidden states by the tokens that led to them, for several models, within a number of bytes.
///
/// States belong to one generation of weights and are never used with another. When a model publishes a new generation
/// its earlier states are dropped at once; among models, what was used least recently goes first.
struct PrefixStateCache {
  private struct Entry {
    let modelID: UInt64
    let generation: UInt64
    var tree: PrefixTree<HiddenState>
  }

  let byteLimit: Int
  /// Used least recently first; as many as there are models in use.
  private var entries: [Entry] = []

  init(byteLimit: Int) { self.byteLimit = byteLimit }

  var byteCount: Int { entries.reduce(0) { $0 + $1.tree.byteCount } }

  /// The state after the longest known beginning of `tokens`, and how many tokens that is.
  mutating func longestPrefix(
    of tokens: [TokenID], in snapshot: ModelSnapshot
  ) -> (count: Int, state: HiddenState)? {
    guard let index = entries.firstIndex(where: { $0.generation == snapshot.generation }) else { return nil }
    entries.append(entries.remove(at: index))
    return entries[entries.count - 1].tree.longestPrefix(of: tokens)
  }

  /// Remembers the state after the first `count` of `tokens`.
  mutating func insert(_ state: HiddenState, after count: Int, of tokens: [TokenID], in snapshot: ModelSnapshot) {
    if let index = entries.firstIndex(where: { $0.generation == snapshot.generation }) {
      if index != entries.count - 1 { entries.append(entries.remove(at: index)) }
    } else {
      entries.removeAll { $0.modelID == snapshot.modelID && $0.generation < snapshot.generation }
      entries.append(
        Entry(
          modelID: snapshot.modelID, generation: snapshot.generation,
          tree: PrefixTree(stateByteCount: state.byteCount + 48)))
    }
    entries[entries.count - 1].tree.insert(state, after: count, of: tokens)
    while byteCount > byteLimit, !entries.isEmpty {
      if !entries[0].tree.evictOldest() { entries.removeFirst() }
    }
  }
}
