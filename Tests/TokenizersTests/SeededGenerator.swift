/// A small generator of its own, so that a failing test can be repeated from its seed.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &* 0x2545_F491_4F6C_DD1D
  }

  /// Random bytes: of text, of UTF-8 in pieces, of anything.
  mutating func bytes(count: Int) -> [UInt8] {
    let parts: [[UInt8]] = [
      Array("the".utf8), Array(" ".utf8), Array("'s".utf8), Array("\n".utf8), Array("é".utf8), Array("汉".utf8),
      [0xFF], [0xE6, 0xB1], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], Array("<eos>".utf8), [0],
    ]
    var bytes: [UInt8] = []
    while bytes.count < count {
      if Bool.random(using: &self) {
        bytes.append(.random(in: 0...255, using: &self))
      } else {
        bytes.append(contentsOf: parts.randomElement(using: &self) ?? [])
      }
    }
    return bytes
  }
}
