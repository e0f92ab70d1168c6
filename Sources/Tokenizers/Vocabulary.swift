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

  /// The tokens that begin with `prefix`, in no particular order.
  ///
  /// - Complexity: O(log n + found) in the base, once it has been sorted by the first call; linear in what is recent.
  func ids(withPrefix prefix: [UInt8]) -> [TokenID] {
    var found = order.entries(of: base, withPrefix: prefix)
    for entry in 0..<recent.count where recent.bytes[recent.range(of: entry)].starts(with: prefix) {
      found.append(TokenID(base.count + entry))
    }
    return found
  }
}
