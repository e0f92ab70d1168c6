package import Kernels
import Networks
import Tokenizers

/// Reads models: one a thread, for any snapshots.
///
/// It holds scratch memory, and with other readers it shares what they remember, so that a text which grew by a word costs
/// one step of the network. What it is asked is a `ReadingTask`, done in slices as small as the caller likes. Answers
/// depend on the snapshot and the question alone, to the bit, whatever is remembered.
package final class ModelReader {
  /// Scores texts with the weights as they are.
  let evaluator: Evaluator
  /// Predicts with the weights in their compact form.
  let predictor: Predictor
  let memory: ReadingMemory
  private var distributions = DistributionCache()

  /// - Parameters:
  ///   - memory: what is remembered; its own when left out.
  ///   - team: the threads that compute; the caller's alone when left out.
  package init(memory: ReadingMemory = ReadingMemory(), team: ThreadTeam = ThreadTeam()) {
    self.memory = memory
    evaluator = Evaluator(team: team)
    predictor = Predictor(team: team)
  }

  /// How many bytes are remembered by itself alone.
  package var cacheByteCount: Int { distributions.byteCount }

  /// How probable each token is to come next.
  func distribution(after state: HiddenState, in snapshot: ModelSnapshot) -> Distribution {
    if let known = distributions.find(state, generation: snapshot.generation) { return known }
    return predict(after: [state], in: snapshot)[0]
  }

  /// Works out what may follow several states together, where that is not known.
  func predictAhead(_ states: [HiddenState], in snapshot: ModelSnapshot) {
    let new = states.filter { distributions.find($0, generation: snapshot.generation) == nil }
    if !new.isEmpty { _ = predict(after: new, in: snapshot) }
  }

  private func predict(after states: [HiddenState], in snapshot: ModelSnapshot) -> [Distribution] {
    var spare = distributions.makeRoom(for: states.count)
    let found = predictor.predict(after: states, with: snapshot.served, reusing: &spare)
    for (state, distribution) in zip(states, found) {
      distributions.insert(distribution, after: state, generation: snapshot.generation)
    }
    return found
  }
}

/// The last few distributions over the vocabulary: a word that is being typed asks for the same one letter by letter.
private struct DistributionCache {
  private struct Entry {
    let generation: UInt64
    let state: HiddenState
    let distribution: Distribution

    var byteCount: Int { state.byteCount + distribution.byteCount }
  }

  /// Used least recently first.
  private var entries: [Entry] = []

  /// As many as are worked out together, but at least a few and at most so many bytes.
  private static let counts = 4...Predictor.batchLimit
  private static let byteLimit = 4 << 20

  var byteCount: Int { entries.reduce(0) { $0 + $1.byteCount } }

  /// A distribution is a function of weights and state, so the state itself is the key.
  mutating func find(_ state: HiddenState, generation: UInt64) -> Distribution? {
    guard let index = entries.lastIndex(where: { $0.generation == generation && $0.state == state }) else { return nil }
    if index != entries.count - 1 { entries.append(entries.remove(at: index)) }
    return entries.last?.distribution
  }

  mutating func insert(_ distribution: Distribution, after state: HiddenState, generation: UInt64) {
    entries.append(Entry(generation: generation, state: state, distribution: distribution))
  }

  /// Forgets what was used least recently, so that there is room for some more; returns what was forgotten.
  mutating func makeRoom(for newCount: Int) -> [Distribution] {
    let affordable = Self.byteLimit / max(1, entries.last?.byteCount ?? 1)
    let limit = min(max(affordable, Self.counts.lowerBound), Self.counts.upperBound)
    let excess = min(entries.count, max(0, entries.count + newCount - limit))
    defer { entries.removeFirst(excess) }
    return entries.prefix(excess).map(\.distribution)
  }
}
