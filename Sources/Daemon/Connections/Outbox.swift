import System

/// Bytes on their way to a client that may not read them at once.
///
/// They stay in the pieces in which they came, as large replies would take long to be moved together.
struct Outbox {
  private var pieces = FIFO<[UInt8]>()
  /// How much of the first piece is sent.
  private var sentByteCount = 0
  private(set) var byteCount = 0

  var isEmpty: Bool { byteCount == 0 }

  mutating func append(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    byteCount += bytes.count
    if let lastByteCount = pieces.last?.count, lastByteCount + bytes.count <= Self.pieceByteCount {
      pieces.last?.append(contentsOf: bytes)
    } else {
      pieces.append(bytes)
    }
  }

  mutating func removeAll() { self = Outbox() }

  /// Sends what the socket takes, but not more than others may wait for.
  ///
  /// - Throws: what the socket's write throws; an error that `isDisconnection` when the client is gone.
  mutating func send(to socket: borrowing UnixSocket) throws(SystemError) {
    var allowance = Self.sendingByteLimit
    while let piece = pieces.first, allowance > 0 {
      let end = min(piece.count, sentByteCount + allowance)
      guard case .bytes(let count) = try socket.write(piece.span.extracting(sentByteCount..<end)) else { return }
      allowance -= count
      byteCount -= count
      sentByteCount += count
      if sentByteCount == piece.count {
        _ = pieces.popFirst()
        sentByteCount = 0
      }
    }
  }

  /// Short replies are joined up to this size, so that one call sends them.
  private static let pieceByteCount = 16 << 10
  /// How much is sent at once: a matter of some microseconds.
  private static let sendingByteLimit = 64 << 10
}
