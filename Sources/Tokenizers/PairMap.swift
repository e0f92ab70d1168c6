/// Numbers found by a pair of tokens: a flat open-addressing table, at most half full.
struct PairMap: Sendable {
  /// Key and value by turns; a key of all ones is a free slot, which no pair of tokens (never negative) has.
  private var slots: [UInt64]
  private(set) var count = 0
  private let secret = ByteHash.secret

  private static let free = UInt64.max

  /// A map with room for this many pairs before it grows.
  init(capacity: Int = 8) {
    var slotCount = 16
    while slotCount < capacity * 2 { slotCount *= 2 }
    slots = [UInt64](repeating: Self.free, count: slotCount * 2)
  }

  @inline(__always)
  private static func key(_ left: TokenID, _ right: TokenID) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) &<< 32 | UInt64(UInt32(bitPattern: right))
  }

  /// The value of a pair; nil when it has none.
  @inline(__always)
  func value(_ left: TokenID, _ right: TokenID) -> UInt64? {
    let key = Self.key(left, right)
    let slot = slot(of: key)
    return slots[slot] == key ? slots[slot &+ 1] : nil
  }

  /// Sets a pair's value.
  mutating func set(_ left: TokenID, _ right: TokenID, to value: UInt64) {
    let key = Self.key(left, right)
    var slot = slot(of: key)
    if slots[slot] != key {
      count += 1
      if count * 4 > slots.count {
        grow()
        slot = self.slot(of: key)
      }
      slots[slot] = key
    }
    slots[slot + 1] = value
  }

  /// Where a key stands, or would stand.
  @inline(__always)
  private func slot(of key: UInt64) -> Int {
    let mask = slots.count &- 1
    var slot = Int(truncatingIfNeeded: ByteHash.hash(key, secret: secret) &<< 1) & mask
    while slots[slot] != key, slots[slot] != Self.free { slot = (slot &+ 2) & mask }
    return slot
  }

  private mutating func grow() {
    let old = slots
    slots = [UInt64](repeating: Self.free, count: old.count * 2)
    for index in stride(from: 0, to: old.count, by: 2) where old[index] != Self.free {
      let slot = slot(of: old[index])
      slots[slot] = old[index]
      slots[slot + 1] = old[index + 1]
    }
  }
}
