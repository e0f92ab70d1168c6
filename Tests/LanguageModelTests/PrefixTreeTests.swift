import Testing

@testable import LanguageModel

@Suite("The tree of known beginnings")
struct PrefixTreeTests {
  @Test("finds what a plain list of everything remembered finds, whatever was inserted", arguments: 0..<20)
  func agreesWithPlainList(_ seed: UInt64) {
    var random = TestRandom(seed: seed)
    var tree = PrefixTree<[TokenID]>(stateByteCount: 100)
    var plain: Set<[TokenID]> = []
    for _ in 0..<300 {
      // Two tokens only, so that sequences share beginnings and branch off everywhere.
      let tokens = (0..<Int.random(in: 1...12, using: &random)).map { _ in TokenID.random(in: 0...1, using: &random) }
      let expected = (1...tokens.count).reversed().lazy.map { Array(tokens[..<$0]) }.first { plain.contains($0) }
      let found = tree.longestPrefix(of: tokens)
      #expect(found?.state == expected, "seed \(seed)")
      #expect(found?.count == expected?.count, "seed \(seed)")
      let count = Int.random(in: 1...tokens.count, using: &random)
      tree.insert(Array(tokens[..<count]), after: count, of: tokens)
      plain.insert(Array(tokens[..<count]))
    }
  }

  @Test("does from a place what it does from the beginning, whatever became of the place", arguments: 0..<20)
  func places(_ seed: UInt64) {
    var random = TestRandom(seed: seed)
    var fromPlaces = PrefixTree<[TokenID]>(stateByteCount: 100)
    var fromBeginnings = PrefixTree<[TokenID]>(stateByteCount: 100)
    var known: [(tokens: [TokenID], place: PrefixPlace)] = []
    var placeCount = 0
    for round in 0..<400 {
      let tokens = (0..<Int.random(in: 1...16, using: &random)).map { _ in TokenID.random(in: 0...1, using: &random) }
      // Any place of any sequence before, for as many tokens as both begin with.
      let earlier = known.randomElement(using: &random)
      let shared = earlier.map { $0.tokens.span.countInCommon(with: tokens.span) } ?? 0
      let place = earlier?.place.shortened(to: shared)
      placeCount += place == nil ? 0 : 1
      let found = fromPlaces.longestPrefix(of: tokens, from: place)
      let expected = fromBeginnings.longestPrefix(of: tokens)
      #expect(found?.state == expected?.state && found?.count == expected?.count, "seed \(seed), round \(round)")
      if let found { known.append((tokens, found.place)) }
      let count = Int.random(in: 1...tokens.count, using: &random)
      let state = Array(tokens[..<count])
      if let new = fromPlaces.insert(state, after: count, of: tokens, from: found?.place ?? place) {
        known.append((tokens, new))
      }
      fromBeginnings.insert(state, after: count, of: tokens)
      if round % 5 == 0 { #expect(fromPlaces.evictOldest() == fromBeginnings.evictOldest()) }
      #expect(fromPlaces.byteCount == fromBeginnings.byteCount)
    }
    #expect(placeCount > 100)
  }

  @Test("doesn't compare again what leads to a place")
  func trustsPlaces() {
    var tree = PrefixTree<Int>(stateByteCount: 8)
    let place = tree.insert(3, after: 3, of: [1, 2, 3])
    #expect(tree.longestPrefix(of: [9, 9, 9, 4], from: place)?.count == 3)
    #expect(tree.longestPrefix(of: [9, 9, 9, 4]) == nil)
    while tree.evictOldest() {}
    tree.insert(3, after: 3, of: [1, 2, 3])
    #expect(tree.longestPrefix(of: [9, 9, 9, 4], from: place) == nil)
  }

  @Test("gives every byte back when everything is forgotten, oldest first", arguments: 0..<5)
  func evictsAll(_ seed: UInt64) {
    var random = TestRandom(seed: seed)
    var tree = PrefixTree<Int>(stateByteCount: 100)
    for _ in 0..<200 {
      let tokens = (0..<Int.random(in: 1...9, using: &random)).map { _ in TokenID.random(in: 0...2, using: &random) }
      tree.insert(0, after: tokens.count, of: tokens)
    }
    #expect(tree.byteCount > 0)
    let last: [TokenID] = [7, 7, 7]
    tree.insert(1, after: 3, of: last)
    var evicted = 0
    while tree.byteCount > 500, tree.evictOldest() { evicted += 1 }
    #expect(evicted > 10)
    #expect(tree.longestPrefix(of: last)?.state == 1)
    while tree.evictOldest() {}
    #expect(tree.byteCount == 0)
    tree.insert(2, after: 1, of: last)
    #expect(tree.longestPrefix(of: last)?.state == 2)
  }

  @Test("keeps few states of a long text that grew token by token, and always the last ones")
  func thinsStates() {
    let tokens = (0..<1500).map { TokenID($0 % 7) }
    var tree = PrefixTree<Int>(stateByteCount: 1000)
    for count in 1...tokens.count {
      tree.insert(count, after: count, of: tokens)
      if count > 3, count % 41 == 0 {
        for back in 0..<3 {
          let found = tree.longestPrefix(of: Array(tokens[..<(count - back)]))
          #expect(found?.count == count - back)
        }
      }
    }
    #expect(tree.byteCount < 4 * tokens.count + 200 * 1000)
    // A text cut anywhere starts again at most an eighth of the way back.
    for cut in stride(from: 100, to: tokens.count, by: 97) {
      let found = tree.longestPrefix(of: Array(tokens[..<cut]) + [99])
      #expect((found?.count ?? 0) >= cut - max(16, (tokens.count - cut) / 4))
    }
  }

  @Test("is not deep in calls, however deep it is")
  func survivesDepth() {
    var tree = PrefixTree<Int>(stateByteCount: 8)
    var tokens: [TokenID] = []
    for depth in 0..<3000 {
      // Every token branches twice, so every node is one token long.
      tree.insert(depth, after: depth + 1, of: tokens + [1])
      tokens.append(0)
      tree.insert(depth, after: depth + 1, of: tokens)
    }
    #expect(tree.longestPrefix(of: tokens)?.count == 3000)
    while tree.evictOldest() {}
    #expect(tree.byteCount == 0)
  }
}

/// A small generator whose numbers a seed names.
struct TestRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &* 0x2545_F491_4F6C_DD1D
  }
}
