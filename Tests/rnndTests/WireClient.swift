import Foundation
import Glibc
import JSON
import System

/// A client of a test's own that expects the worst: a connection that is lost is an answer like any other.
final class WireClient {
  private let socket: UnixSocket
  private var received: [UInt8] = []
  private var lastID = 0

  init(_ path: String) throws { socket = try UnixSocket.connect(to: path) }

  /// A connection to a daemon that may still be starting; nil when it ends first.
  static func waiting(for path: String, while isAlive: () -> Bool) -> WireClient? {
    while isAlive() {
      if let client = try? WireClient(path) { return client }
      usleep(1_000)
    }
    return nil
  }

  /// Sends; false when the connection is lost.
  @discardableResult
  func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool { (try? socket.writeAll(bytes.span)) != nil }

  /// Sends as much as the daemon takes, until it has taken nothing for some milliseconds.
  func sendUntilRefused(_ bytes: [UInt8]) -> Int {
    try? socket.setNonBlocking(true)
    defer { try? socket.setNonBlocking(false) }
    var sent = 0
    while (try? socket.waitUntilWritable(timeoutMilliseconds: 50)) == true {
      let rest = bytes[(sent % bytes.count)...]
      guard case .bytes(let count) = try? socket.write(Array(rest).span) else { break }
      sent += count
    }
    return sent
  }

  func halfClose() { try? socket.shutdownWrite() }

  /// The next line; nil when the connection is lost, or nothing comes for so many minutes.
  func line(withinMinutes minutes: Int = 2) -> String? {
    // A long line is searched once.
    var searched = 0
    while true {
      if let end = received[searched...].firstIndex(of: 10) {
        defer { received.removeSubrange(...end) }
        return String(decoding: received[..<end], as: UTF8.self)
      }
      searched = received.count
      guard (try? socket.waitUntilReadable(timeoutMilliseconds: minutes * 60_000)) == true,
        case .bytes = try? socket.read(atMost: 1 << 16, appendingTo: &received)
      else { return nil }
    }
  }

  /// Sends a line and returns the one that answers it.
  func exchange(_ text: String) -> String? { send(text + "\n") ? line() : nil }

  /// The reply to a call; nil when the connection is lost.
  func reply(to method: String, _ params: JSONObject = [:]) -> JSONValue? {
    lastID += 1
    guard let line = exchange(Self.request(method, params, id: JSONValue(lastID))) else { return nil }
    return try? JSONValue.parse(Array(line.utf8))
  }

  static func request(_ method: String, _ params: JSONObject = [:], id: JSONValue) -> String {
    let request: JSONValue = ["jsonrpc": "2.0", "id": id, "method": .string(method), "params": .object(params)]
    return request.description
  }
}

/// Whether the long forms of tests are asked for: `RNND_LONG_TESTS=1 swift test`.
let runsLongTests = ProcessInfo.processInfo.environment["RNND_LONG_TESTS"] == "1"
