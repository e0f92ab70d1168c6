import System

/// Bytes on their way to a client that may not read them at once.
struct Outbox {
  private var bytes: [UInt8] = []
  private var start = 0

  var byteCount: Int { bytes.count - start }
  var isEmpty: Bool { byteCount == 0 }

  mutating func append(_ bytes: [UInt8]) {
    if self.bytes.isEmpty { self.bytes = bytes } else { self.bytes.append(contentsOf: bytes) }
  }

  mutating func removeAll() {
    bytes = []
    start = 0
  }

  /// Sends as much as the socket takes.
  ///
  /// - Throws: what the socket's write throws; an error that `isDisconnection` when the client is gone.
  mutating func send(to socket: borrowing UnixSocket) throws(SystemError) {
    while !isEmpty {
      switch try socket.write(bytes.span.extracting(start..<bytes.count)) {
      case .bytes(let count): start += count
      case .wouldBlock:
        dropSentBytes()
        return
      }
    }
    dropSentBytes()
  }

  /// Moves what is left to the beginning once that is worth the copy, and gives a large empty buffer back.
  private mutating func dropSentBytes() {
    if start == bytes.count {
      bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptCapacity)
      start = 0
    } else if start > bytes.count / 2 {
      bytes.removeSubrange(..<start)
      start = 0
    }
  }

  private static let keptCapacity = 64 << 10
}
