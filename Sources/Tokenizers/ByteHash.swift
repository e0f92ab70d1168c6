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

  /// The hash of the bytes of `text` in `range`.
  @inline(__always)
  static func hash(_ text: Span<UInt8>, _ range: Range<Int>, secret: Secret) -> UInt64 {
    var state = secret.start ^ UInt64(truncatingIfNeeded: range.count)
    var position = range.lowerBound
    while position &+ 8 <= range.upperBound {
      var chunk: UInt64 = 0
      for offset in 0..<8 {
        chunk |= UInt64(truncatingIfNeeded: text[position &+ offset]) &<< UInt64(truncatingIfNeeded: offset &* 8)
      }
      state = fold(state ^ chunk, secret.multiplier)
      position &+= 8
    }
    var rest: UInt64 = 0
    while position < range.upperBound {
      rest = rest &<< 8 | UInt64(truncatingIfNeeded: text[position])
      position &+= 1
    }
    return fold(fold(state ^ rest, secret.multiplier), secret.finish)
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
