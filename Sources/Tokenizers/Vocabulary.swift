/// The tokens of a tokenizer, numbered from 0 without holes; equal by bytes only.
///
/// A value whose copies share storage: a large *base* that hardly ever changes, and behind it a small *recent* part
/// that takes what is new. A copy costs nothing; adding a token while a copy is alive copies the recent part only, at
/// most an eighth of the whole. When the recent part has outgrown that, it joins the base, so that n tokens are added
/// in O(n) altogether. Both parts are ordinary copy-on-write values: a snapshot handed to another thread never sees an
/// array that someone still writes to, which the compiler proves.
struct Vocabulary: Sendable {
  private var base = VocabularySegment()
  private var recent = VocabularySegment()
  private var order = SortedOrder()
  private let secret: ByteHash.Secret

  /// Up to how many tokens the recent part may hold whatever the base's size.
  private static let smallestRecentLimit = 2048

  init(secret: ByteHash.Secret = ByteHash.secret) {
    self.secret = secret
  }

  var count: Int { base.count + recent.count }

  /// The token whose bytes stand in `text` at `range`.
  @inline(__always)
  func id(of text: Span<UInt8>, _ range: Range<Int>) -> TokenID? {
    find(text, range, VocabularySegment.Key(text, range, secret: secret))
  }

  func id(of bytes: [UInt8]) -> TokenID? {
    id(of: bytes.span, bytes.indices)
  }

  @inline(__always)
  private func find(_ text: Span<UInt8>, _ range: Range<Int>, _ key: VocabularySegment.Key) -> TokenID? {
    if let entry = base.find(text, range, key) { return TokenID(truncatingIfNeeded: entry) }
    if let entry = recent.find(text, range, key) { return TokenID(truncatingIfNeeded: base.count &+ entry) }
    return nil
  }

  /// A token's bytes; nil when there is no such token.
  func bytes(of id: TokenID) -> ArraySlice<UInt8>? {
    let entry = Int(id)
    guard entry >= 0, entry < count else { return nil }
    if entry < base.count { return base.bytes[base.range(of: entry)] }
    return recent.bytes[recent.range(of: entry - base.count)]
  }

  /// Adds a token, unless its bytes are there already; its number either way.
  ///
  /// - Precondition: fewer than `Int32.max` tokens, which the caller's limit ensures.
  @discardableResult
  mutating func insert(_ text: Span<UInt8>, _ range: Range<Int>) -> TokenID {
    let key = VocabularySegment.Key(text, range, secret: secret)
    return find(text, range, key) ?? append(text, range, key)
  }

  @discardableResult
  mutating func insert(_ bytes: [UInt8]) -> TokenID {
    insert(bytes.span, bytes.indices)
  }

  /// Adds a token under the next number, also when another has the same bytes: lookup then goes on finding that other.
  @discardableResult
  mutating func append(_ text: Span<UInt8>, _ range: Range<Int>) -> TokenID {
    append(text, range, VocabularySegment.Key(text, range, secret: secret))
  }

  private mutating func append(_ text: Span<UInt8>, _ range: Range<Int>, _ key: VocabularySegment.Key) -> TokenID {
    recent.append(text, range, key, secret: secret)
    let id = TokenID(count - 1)
    if recent.count > max(Self.smallestRecentLimit, base.count / 8) { consolidate() }
    return id
  }

  /// Moves what is recent into the base: done by the growing itself, and once after a vocabulary was built.
  mutating func consolidate() {
    base.append(recent, secret: secret)
    recent = VocabularySegment()
    order = SortedOrder()
  }

  /// The tokens that begin with `prefix`, ascending.
  ///
  /// - Complexity: O(log n + found) in the base, once it has been sorted by the first call; linear in what is recent.
  func ids(withPrefix prefix: [UInt8]) -> [TokenID] {
    var found = Self.ascending(order.entries(of: base, withPrefix: prefix), below: base.count)
    forEachRecent(withPrefix: prefix) { id in
      found.append(id)
      return true
    }
    return found
  }

  /// Whether `isWanted` holds for one of the tokens that begin with `prefix`; it is asked until it does.
  func contains(withPrefix prefix: [UInt8], where isWanted: (TokenID) -> Bool) -> Bool {
    if order.entries(of: base, withPrefix: prefix).contains(where: isWanted) { return true }
    var isFound = false
    forEachRecent(withPrefix: prefix) { id in
      isFound = isWanted(id)
      return !isFound
    }
    return isFound
  }

  /// Goes through the recent tokens that begin with `prefix` as long as `body` returns true.
  private func forEachRecent(withPrefix prefix: [UInt8], _ body: (TokenID) -> Bool) {
    let bytes = recent.bytes.span
    let prefix = prefix.span
    for entry in 0..<recent.count {
      let range = recent.range(of: entry)
      guard range.count >= prefix.count, prefix.isEmpty || bytes[range.lowerBound] == prefix[0] else { continue }
      if prefix.indices.allSatisfy({ bytes[range.lowerBound &+ $0] == prefix[$0] }) {
        guard body(TokenID(base.count + entry)) else { return }
      }
    }
  }

  /// Numbers in ascending order. Many are marked in a set of bits, which takes less time than to compare them.
  private static func ascending(_ entries: ArraySlice<Int32>, below limit: Int) -> [TokenID] {
    guard entries.count > 64 else { return entries.sorted() }
    var marks = [UInt64](repeating: 0, count: limit / 64 + 1)
    for entry in entries { marks[Int(entry) / 64] |= 1 << UInt64(entry & 63) }
    var sorted: [TokenID] = []
    sorted.reserveCapacity(entries.count)
    for (index, word) in marks.enumerated() {
      var rest = word
      while rest != 0 {
        sorted.append(TokenID(truncatingIfNeeded: index * 64 + rest.trailingZeroBitCount))
        rest &= rest &- 1
      }
    }
    return sorted
  }
}
