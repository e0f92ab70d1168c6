/// A line in the pieces in which it came: to join those of a long one takes a while.
package struct PiecedLine: Sendable {
  private var pieces: [[UInt8]] = []
  private var last: [UInt8] = []

  /// How long the line is.
  package private(set) var byteCount = 0

  init() {}

  /// Adds a piece, and what may follow it.
  mutating func append(_ piece: consuming [UInt8]) {
    if piece.isEmpty { return }
    byteCount += piece.count
    if !last.isEmpty { pieces.append(last) }
    last = piece
  }

  /// Takes a last byte away if it is this one.
  mutating func dropLast(_ byte: UInt8) {
    guard last.last == byte else { return }
    last.removeLast()
    byteCount -= 1
    if last.isEmpty, let piece = pieces.popLast() { last = piece }
  }

  /// Whether it holds these bytes only.
  func consists(of isAllowed: (UInt8) -> Bool) -> Bool {
    pieces.allSatisfy { $0.allSatisfy(isAllowed) } && last.allSatisfy(isAllowed)
  }

  /// The line in one piece.
  package consuming func joined() -> [UInt8] {
    if pieces.isEmpty { return last }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount)
    for piece in pieces { bytes.append(contentsOf: piece) }
    bytes.append(contentsOf: last)
    return bytes
  }
}
