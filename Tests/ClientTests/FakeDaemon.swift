import Foundation
import Glibc
import JSON
import RPC
import Synchronization
import System

/// A daemon of a test's own: it answers one connection by a script, on a thread of its own.
final class FakeDaemon: Sendable {
  let path: String
  private let directory: String
  private let requests = Mutex<[Request]>([])

  /// What it does when a request has come: lines to send, nil to hang up.
  typealias Script = @Sendable (Request) -> [String]?

  init(_ script: @escaping Script) throws {
    directory = "/tmp/rnnd-client-\(UUID().uuidString.prefix(8))"
    try FileSystem.createDirectory(directory)
    path = directory + "/d.sock"
    let listener = try UnixListener(path: path)
    Thread.detachNewThread { [self] in
      var connection: UnixSocket?
      // The listener does not block; its descriptor is polled as any other.
      while connection == nil {
        var waiting = pollfd(fd: listener.descriptorNumber, events: Int16(POLLIN), revents: 0)
        _ = poll(&waiting, 1, 10_000)
        connection = (try? listener.accept()) ?? nil
      }
      if let socket = connection.take() { serve(socket, script) }
    }
  }

  deinit { try? FileSystem.removeTree(directory) }

  var received: [Request] { requests.withLock { $0 } }

  private func serve(_ socket: consuming UnixSocket, _ script: Script) {
    var framer = LineFramer()
    while (try? socket.waitUntilReadable(timeoutMilliseconds: 10_000)) == true {
      var bytes: [UInt8] = []
      guard case .bytes = try? socket.read(atMost: 1 << 16, appendingTo: &bytes) else { return }
      framer.append(bytes)
      while case .line(let line) = framer.next() {
        guard let value = try? JSONValue.parse(line), let method = value["method"]?.string else { return }
        let request = Request(
          id: value["id"].flatMap { RequestID($0) }, method: method, params: value["params"]?.object ?? [:])
        requests.withLock { $0.append(request) }
        guard let answers = script(request) else { return }
        for answer in answers { try? socket.writeAll(Array((answer + "\n").utf8).span) }
      }
    }
  }
}
