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

  /// Begins to read tokens behind the longest beginning of which it is known what it leads to.
  ///
  /// - Parameter place: where a beginning of them is known to lead.
  mutating func begin(_ tokens: [TokenID], from place: PrefixPlace? = nil, in snapshot: ModelSnapshot) -> TokenReading {
    let match = longestPrefix(of: tokens, from: place, in: snapshot)
    return TokenReading(
      tokens: tokens, position: match?.count ?? 0, state: match?.state ?? HiddenState(zeroFor: snapshot.weights.shape),
      place: match?.place)
  }

  private mutating func longestPrefix(
    of tokens: [TokenID], from place: PrefixPlace?, in snapshot: ModelSnapshot
  ) -> PrefixTree<HiddenState>.Match? {
    guard let index = entries.firstIndex(where: { $0.generation == snapshot.generation }) else { return nil }
    entries.append(entries.remove(at: index))
    return entries[entries.count - 1].tree.longestPrefix(of: tokens, from: place)
  }

  /// Remembers what a sequence has led to so far.
  mutating func insert(_ reading: inout TokenReading, in snapshot: ModelSnapshot) {
    if let index = entries.firstIndex(where: { $0.generation == snapshot.generation }) {
      if index != entries.count - 1 { entries.append(entries.remove(at: index)) }
    } else {
      entries.removeAll { $0.modelID == snapshot.modelID && $0.generation < snapshot.generation }
      entries.append(
        Entry(
          modelID: snapshot.modelID, generation: snapshot.generation,
          tree: PrefixTree(stateByteCount: reading.state.byteCount + 48)))
    }
    reading.place = entries[entries.count - 1].tree.insert(
      reading.state, after: reading.position, of: reading.tokens, from: reading.place)
    while byteCount > byteLimit, !entries.isEmpty {
      if !entries[0].tree.evictOldest() { entries.removeFirst() }
    }
  }
}
