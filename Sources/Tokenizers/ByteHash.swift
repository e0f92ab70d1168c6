/// A keyed hash of byte strings.
///
/// Eight bytes at a time are folded by a full-width product with a secret. The secrets are drawn once a process, so a
/// client that sends words can't choose ones that collide; nothing that leaves the process depends on them.
enum ByteHash {
  /// What a hash starts from, and what it multiplies by.
  struct Secret: Sendable {
    let start: UInt64
    let multiplier: UInt64
    let finish: UInt64

    static func random() -> Secret {
      var generator = SystemRandomNumberGenerator()
      return Secret(start: generator.next(), multiplier: generator.next() | 1, finish: generator.next() | 1)
    }
  }

  static let secret = Secret.random()

  /// The hash of the bytes of `text` in `range`, of which `beginning` is the packed beginning.
  @inline(__always)
  static func hash(_ text: Span<UInt8>, _ range: Range<Int>, beginning: UInt64, secret: Secret) -> UInt64 {
    var state = fold(secret.start ^ UInt64(truncatingIfNeeded: range.count) ^ beginning, secret.multiplier)
    var position = range.lowerBound &+ 8
    while position < range.upperBound {
      let chunk = pack(text, position..<range.upperBound)
      state = fold(state ^ chunk, secret.multiplier)
      position &+= 8
    }
    return fold(state, secret.finish)
  }

  /// The first bytes of `text` in `range`, up to eight, the first of them lowest; zeros follow the last.
  @inline(__always)
  static func pack(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
    let position = range.lowerBound
    if position &+ 8 <= text.count {
      // One load, and what lies behind the range cut off.
      var packed: UInt64 = 0
      for offset in 0..<8 {
        packed |= UInt64(truncatingIfNeeded: text[position &+ offset]) &<< UInt64(truncatingIfNeeded: offset &* 8)
      }
      return range.count >= 8 ? packed : packed & ~(UInt64.max << UInt64(truncatingIfNeeded: range.count &* 8))
    }
    var packed: UInt64 = 0
    for offset in 0..<min(range.count, 8) {
      packed |= UInt64(truncatingIfNeeded: text[position &+ offset]) &<< UInt64(truncatingIfNeeded: offset &* 8)
    }
    return packed
  }

  /// The hash of one number.
  @inline(__always)
  static func hash(_ number: UInt64, secret: Secret) -> UInt64 {
    fold(fold(number ^ secret.start, secret.multiplier), secret.finish)
  }

  @inline(__always)
  private static func fold(_ first: UInt64, _ second: UInt64) -> UInt64 {
    let product = first.multipliedFullWidth(by: second)
    return product.high ^ product.low
  }
}
