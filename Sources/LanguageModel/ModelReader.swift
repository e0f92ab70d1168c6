package import Kernels
import Networks
import Tokenizers

/// Reads models: one a thread, for any snapshots.
///
/// It holds scratch memory and remembers hidden states by the tokens that led to them, so that a text which grew by a
/// word costs one step of the network. What it is asked is a `ReadingTask`, done in slices as small as the caller likes.
/// Answers depend on the snapshot and the question alone, to the bit, whatever is remembered.
package final class ModelReader {
  let evaluator: Evaluator
  private var states: PrefixStateCache
  private var encodings: EncodingCache
  private var distributions = DistributionCache()

  /// How many bytes of hidden states are remembered unless said otherwise.
  package static let defaultCacheByteLimit = 8 << 20

  /// - Parameters:
  ///   - cacheByteLimit: how many bytes of hidden states to remember, and of long texts' tokens; 0 for none.
  ///   - team: the threads that compute; the caller's alone when left out.
  package init(cacheByteLimit: Int = ModelReader.defaultCacheByteLimit, team: ThreadTeam = ThreadTeam()) {
    evaluator = Evaluator(team: team)
    states = PrefixStateCache(byteLimit: cacheByteLimit)
    encodings = EncodingCache(byteLimit: cacheByteLimit)
  }

  /// How many bytes of hidden states, tokens and distributions are remembered.
  package var cacheByteCount: Int { states.byteCount + encodings.byteCount + distributions.byteCount }

  /// The tokens of a text.
  func tokens(of bytes: [UInt8], in snapshot: ModelSnapshot) -> [TokenID] {
    encodings.tokens(of: bytes, in: snapshot)
  }

  /// The state after the longest remembered beginning of `tokens`, and how many tokens that is; zeros after none.
  func longestPrefix(of tokens: [TokenID], in snapshot: ModelSnapshot) -> (count: Int, state: HiddenState) {
    states.longestPrefix(of: tokens, in: snapshot) ?? (0, HiddenState(zeroFor: snapshot.weights.shape))
  }

  func remember(_ state: HiddenState, after count: Int, of tokens: [TokenID], in snapshot: ModelSnapshot) {
    if states.byteLimit > 0 { states.insert(state, after: count, of: tokens, in: snapshot) }
  }

  /// The log-probability of every token to come next, in nats.
  func logProbabilities(after state: HiddenState, in snapshot: ModelSnapshot) -> [Float] {
    if let known = distributions.find(state, generation: snapshot.generation) { return known }
    var logProbabilities: [Float] = []
    evaluator.logProbabilities(after: state, with: snapshot.weights, into: &logProbabilities)
    distributions.insert(logProbabilities, after: state, generation: snapshot.generation)
    return logProbabilities
  }
}

/// The last few distributions over the vocabulary: a word that is being typed asks for the same one letter by letter.
private struct DistributionCache {
  private struct Entry {
    let generation: UInt64
    let state: HiddenState
    let logProbabilities: [Float]
  }

  /// Used least recently first.
  private var entries: [Entry] = []

  private static let countLimit = 4

  var byteCount: Int {
    entries.reduce(0) { $0 + $1.state.byteCount + $1.logProbabilities.count * MemoryLayout<Float>.stride }
  }

  /// A distribution is a function of weights and state, so the state itself is the key.
  mutating func find(_ state: HiddenState, generation: UInt64) -> [Float]? {
    guard let index = entries.lastIndex(where: { $0.generation == generation && $0.state == state }) else { return nil }
    entries.append(entries.remove(at: index))
    return entries.last?.logProbabilities
  }

  mutating func insert(_ logProbabilities: [Float], after state: HiddenState, generation: UInt64) {
    if entries.count >= Self.countLimit { entries.removeFirst() }
    entries.append(Entry(generation: generation, state: state, logProbabilities: logProbabilities))
  }
}
