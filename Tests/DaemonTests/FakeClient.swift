import JSON
import RPC
import System

@testable import Daemon

/// A client on the loop itself, at the other end of a socket pair: it waits for lines without holding a thread.
@EventLoop
final class FakeClient {
  private final class Wire {
    let socket: UnixSocket
    var watch: EventLoop.Watch?

    init(_ socket: consuming UnixSocket) { self.socket = socket }
  }

  private var wire: Wire?
  private var framer = LineFramer(lineByteLimit: 64 << 20)
  private var isReading = true
  private var isAtEnd = false
  private var readableWaiters: [CheckedContinuation<Void, Never>] = []
  private var writableWaiters: [CheckedContinuation<Void, Never>] = []
  private var lastID = 0

  /// Connects to a daemon by a socket pair.
  convenience init(of service: Service, as visitor: Visitor = .owner) throws {
    var near: UnixSocket?
    var failure: SystemError?
    try UnixSocket.pair().separate { first, second in
      near = consume first
      do throws(SystemError) {
        try second.setNonBlocking(true)
        try service.connect(second, of: visitor)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    guard let near = near.take() else { throw NoReply() }
    try self.init(near)
  }

  init(_ socket: consuming UnixSocket) throws {
    try socket.setNonBlocking(true)
    let wire = Wire(socket)
    self.wire = wire
    wire.watch = try EventLoop.watch(wire.socket, for: [.readable]) { [weak self] in self?.handle($0) }
  }

  private func handle(_ conditions: PollConditions) {
    if let wire, isReading, !isAtEnd {
      var bytes: [UInt8] = []
      switch try? wire.socket.read(atMost: 1 << 16, appendingTo: &bytes) {
      case .bytes: framer.append(bytes)
      case .wouldBlock: break
      case .endOfFile, nil:
        framer.finish()
        isAtEnd = true
      }
    }
    setInterest()
    let readers = readableWaiters
    readableWaiters = []
    for reader in readers { reader.resume() }
    if conditions.contains(.writable) || conditions.contains(.hangUp) {
      let writers = writableWaiters
      writableWaiters = []
      for writer in writers { writer.resume() }
    }
  }

  private func setInterest() {
    guard let wire else { return }
    var interest: PollInterest = isReading && !isAtEnd ? .readable : []
    if !writableWaiters.isEmpty { interest.insert(.writable) }
    if let watch = wire.watch { try? EventLoop.setInterest(interest, of: watch) }
  }

  /// Leaves what the daemon sends unread.
  func stopReading() {
    isReading = false
    setInterest()
  }

  func startReading() {
    isReading = true
    setInterest()
  }

  /// Sends all of it, waiting for room as often as it takes; false when the daemon has closed.
  @discardableResult
  func send(_ bytes: [UInt8]) async -> Bool {
    var sent = 0
    while sent < bytes.count {
      guard let wire else { return false }
      switch try? wire.socket.write(bytes.span.extracting(sent..<bytes.count)) {
      case .bytes(let count): sent += count
      case .wouldBlock:
        await withCheckedContinuation {
          writableWaiters.append($0)
          setInterest()
        }
      case nil: return false
      }
    }
    return true
  }

  /// Sends as much as fits without waiting, and tells how much that was.
  func sendWithoutWaiting(_ bytes: [UInt8]) -> Int {
    var sent = 0
    while let wire, sent < bytes.count,
      case .bytes(let count) = try? wire.socket.write(bytes.span.extracting(sent..<bytes.count))
    {
      sent += count
    }
    return sent
  }

  /// Whether anything has come that wasn't asked for by ``line()``.
  var hasReceived: Bool { framer.bufferedByteCount > 0 }

  /// Reads what is there, without waiting for the loop to tell; whether anything is.
  func receivesNow() -> Bool {
    handle(.readable)
    return hasReceived
  }

  func sendLine(_ text: String) async { await send(Array("\(text)\n".utf8)) }

  func halfClose() { try? wire?.socket.shutdownWrite() }

  func hangUp() {
    guard let wire else { return }
    if let watch = wire.watch { EventLoop.unwatch(watch) }
    self.wire = nil
    isAtEnd = true
  }

  /// The next line, without its end; nil when the daemon has closed.
  func line() async -> String? {
    while true {
      if case .line(let line) = framer.next() { return String(decoding: line, as: UTF8.self) }
      if isAtEnd { return nil }
      await withCheckedContinuation { readableWaiters.append($0) }
    }
  }

  /// The next line as JSON.
  func message() async throws -> JSONValue? {
    guard let line = await line() else { return nil }
    return try JSONValue.parse(Array(line.utf8))
  }

  /// The next message that is no notification.
  func reply() async throws -> JSONValue? {
    while let message = try await message() {
      if message["method"] == nil { return message }
    }
    return nil
  }

  /// Sends a request and waits for its reply, which must be the next line.
  func reply(to method: String, _ params: JSONObject = [:]) async throws -> JSONValue {
    lastID += 1
    var bytes: [UInt8] = []
    Request(id: RequestID(lastID), method: method, params: params).writeLine(to: &bytes)
    await send(bytes)
    guard let reply = try await message() else { throw NoReply() }
    return reply
  }

  /// The result of a call that must succeed.
  func call(_ method: String, _ params: JSONObject = [:]) async throws -> JSONValue {
    let reply = try await reply(to: method, params)
    guard let result = reply["result"] else { throw UnexpectedError(reply: reply) }
    return result
  }

  /// Sends a notification.
  func notify(_ method: String, _ params: JSONObject = [:]) async {
    var bytes: [UInt8] = []
    Request(id: nil, method: method, params: params).writeLine(to: &bytes)
    await send(bytes)
  }

  struct NoReply: Error {}
  struct UnexpectedError: Error { let reply: JSONValue }
}
