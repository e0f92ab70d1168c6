import Foundation
import JSON
import Storage
import Synchronization
import System
import TestSupport

@testable import Daemon

/// A daemon in this process with a data directory of its own.
@EventLoop
final class Harness {
  let daemon: Daemon
  let directory: String
  private let disk: FaultyDisk
  private let ending = Deferred<Daemon.Ending>()

  /// Starts a daemon without signals.
  static func start(
    limits: Limits = Limits(), directory: String? = nil, disk: FaultyDisk = FaultyDisk(),
    flushMilliseconds: Int = 1_000, replayMilliseconds: Int = 2_000, restMilliseconds: Int = 1_500
  ) async throws -> Harness {
    let harness = try Harness(
      limits: limits, directory: directory, disk: disk, flushMilliseconds: flushMilliseconds,
      replayMilliseconds: replayMilliseconds, restMilliseconds: restMilliseconds)
    try await harness.open()
    return harness
  }

  private init(
    limits: Limits, directory: String?, disk: FaultyDisk, flushMilliseconds: Int, replayMilliseconds: Int,
    restMilliseconds: Int
  ) throws {
    self.directory = directory ?? NSTemporaryDirectory() + "rnnd-" + UUID().uuidString
    try FileSystem.createDirectory(self.directory, withParents: true)
    var configuration = DaemonConfiguration(
      socketPath: self.directory + "/s", dataDirectory: self.directory + "/data", limits: limits,
      log: Log(.debug) { [ownLines] line in
        ownLines.lines.withLock { $0.append(line) }
        Harness.allLines.lines.withLock { $0.append(line) }
      })
    configuration.disk = disk
    self.disk = disk
    configuration.flushMilliseconds = flushMilliseconds
    configuration.replayMilliseconds = replayMilliseconds
    configuration.restMilliseconds = restMilliseconds
    configuration.diskRetryMilliseconds = 20
    daemon = try Daemon(configuration)
  }

  final class LogLines: Sendable { let lines = Mutex<[String]>([]) }

  /// What this daemon has logged.
  let ownLines = LogLines()
  /// What all daemons of the process have logged.
  nonisolated static let allLines = LogLines()

  private func open() async throws {
    try await daemon.start(signals: nil) { [ending] in ending.complete(.success($0)) }
  }

  func client(as visitor: Visitor = .owner) throws -> FakeClient { try FakeClient(of: daemon.service, as: visitor) }

  /// A client that comes in by the daemon's own door.
  func socketClient() async throws -> FakeClient {
    try FakeClient(try UnixSocket.connect(to: daemon.service.configuration.socketPath))
  }

  /// Waits until something holds, and leaves the cores to others meanwhile.
  func until(_ condition: () -> Bool) async {
    while !condition() {
      await withCheckedContinuation { continuation in
        _ = EventLoop.after(milliseconds: 1) { continuation.resume() }
      }
    }
  }

  /// A request as a line.
  nonisolated static func line(_ method: String, _ params: JSONObject, id: JSONValue) -> String {
    let request: JSONValue = ["jsonrpc": "2.0", "id": id, "method": .string(method), "params": .object(params)]
    return request.description
  }

  /// A path in the directory that stands for the user's home.
  func home(_ path: String) -> String { "\(directory)/home/\(path)" }

  /// Params with the reference's home directory replaced by the test's.
  func atHome(_ params: JSONObject) throws -> JSONObject {
    let text = JSONValue.object(params).description.replacingOccurrences(of: "/home/me/", with: home(""))
    return try JSONValue.parse(Array(text.utf8)).object ?? [:]
  }

  /// Starts another daemon with what a kill -9 at this moment would leave on the disk.
  ///
  /// - Parameter damage: does something to the data directory at a path before that.
  func successorOfCrash(
    on otherDisk: FaultyDisk = FaultyDisk(), replayMilliseconds: Int = 2_000,
    damagedBy damage: (String) throws -> Void = { _ in }
  ) async throws -> Harness {
    let copy = NSTemporaryDirectory() + "rnnd-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: false)
    try disk.whileStill { try FileManager.default.copyItem(atPath: directory + "/data", toPath: copy + "/data") }
    try damage(copy + "/data")
    return try await Harness.start(directory: copy, disk: otherDisk, replayMilliseconds: replayMilliseconds)
  }

  /// Stops the daemon and waits for its end.
  func stop() async throws -> Daemon.Ending {
    daemon.stop()
    return try await ending.value()
  }

  func untilEnd() async throws -> Daemon.Ending { try await ending.value() }

  /// Stops, and removes what it kept.
  func end() async throws {
    _ = try await stop()
    try FileSystem.removeTree(directory)
  }
}

/// Runs a test against a daemon of its own.
nonisolated func withDaemon(
  limits: Limits = Limits(), disk: FaultyDisk = FaultyDisk(), flushMilliseconds: Int = 1_000,
  replayMilliseconds: Int = 2_000, restMilliseconds: Int = 1_500,
  _ body: @EventLoop @Sendable (Harness) async throws -> Void
) async throws {
  try EventLoop.start()
  // As the daemon's own tasks do: then what is on the loop stays there from one wait to the next.
  try await withTaskExecutorPreference(EventLoop.tasks) {
    let harness = try await Harness.start(
      limits: limits, disk: disk, flushMilliseconds: flushMilliseconds, replayMilliseconds: replayMilliseconds,
      restMilliseconds: restMilliseconds)
    do {
      try await body(harness)
    } catch {
      try await harness.end()
      throw error
    }
    try await harness.end()
  }
}
