import RPC
package import System

/// A daemon from its start to its end.
///
/// It holds the locks of its socket and of its data directory, opens the door, and on a stop lets those inside finish:
/// a *drain* refuses new requests, carries out those received before for a bounded time, keeps what was learned, and
/// only then ends.
@EventLoop
package final class Daemon {
  let service: Service
  private var doorway: Doorway?
  private var signals: SignalListener?
  /// Nil once it has ended: others may take its place.
  private var locks: Locks?
  private var isStopping = false
  private var hasEnded = false
  private var drainTimer: EventLoop.Timer?
  private var ended: @EventLoop (Ending) -> Void = { _ in }

  /// How a daemon came to its end.
  package enum Ending: Equatable, Sendable {
    /// All that was taught is on the disk.
    case clean
    /// A model could not be saved, or a second signal left no time for it.
    case unsaved
  }

  /// Held as long as the daemon lives: one daemon a socket, one daemon a data directory.
  private final class Locks {
    // Properties end in this order: who sees the socket's lock free finds the other one free, too.
    let data: FileLock
    let socket: FileLock

    init(_ configuration: DaemonConfiguration) throws(SystemError) {
      socket = try FileLock(path: configuration.socketPath + ".lock")
      data = try FileLock(path: FileSystem.join(configuration.dataDirectory, "lock"))
    }
  }

  init(_ configuration: DaemonConfiguration) throws(SystemError) {
    try FileSystem.createPrivateDirectory(configuration.dataDirectory)
    try SocketDirectory.prepare(configuration)
    locks = try Locks(configuration)
    service = Service(configuration)
    service.stopRequested = { [weak self] in self?.stop() }
  }

  /// Runs a daemon until a signal or a client ends it; the calling thread waits meanwhile.
  ///
  /// - Parameter ready: called once clients can connect and the `default` model answers.
  /// - Throws: when it can't start: `locked` or `addressInUse` when another one runs.
  package nonisolated static func run(
    _ configuration: DaemonConfiguration, ready: @escaping @Sendable () -> Void = {}
  ) throws(SystemError) -> Ending {
    Signal.ignoreBrokenPipe()
    // What is in memory is the user's text.
    try? ProcessControl.disableCoreDumps()
    ResourceUsage.shareHeap()
    let configuration = configuration.withinDescriptorLimit()
    let watcher = try SignalWatcher()
    let outcome = Outcome()
    try EventLoop.start()
    EventLoop.later {
      do throws(SystemError) {
        let daemon = try Daemon(configuration)
        let isOpen = try await daemon.start(signals: watcher) { ending in
          // Named here so that the daemon keeps itself until its end: nobody else does.
          _ = daemon
          outcome.end(.success(ending))
        }
        if isOpen { ready() }
      } catch {
        outcome.end(.failure(error))
      }
    }
    return try outcome.wait()
  }

  /// Makes sure that there is a `default` model, and opens the door.
  ///
  /// - Returns: whether clients can connect; false when it was stopped before.
  @discardableResult
  func start(
    signals watcher: SignalWatcher?, ended: @escaping @EventLoop (Ending) -> Void
  ) async throws(SystemError) -> Bool {
    self.ended = ended
    if let watcher {
      signals = try SignalListener(watcher) { [weak self] signal in self?.receive(signal) }
    }
    try await service.prepare()
    guard !isStopping else { return false }
    let configuration = service.configuration
    let listener = try UnixListener(path: configuration.socketPath, group: configuration.allowedGroup)
    doorway = try Doorway(listener, service: service)
    service.log.info("listening at \(configuration.socketPath)")
    return true
  }

  func receive(_ signal: Signal) {
    switch signal {
    case .hangUp: service.log.info("ignored a hang-up signal")
    case .interrupt, .terminate:
      if isStopping {
        service.log.warning("stopped at once by a second signal")
        end(.unsaved)
      } else {
        stop()
      }
    }
  }

  /// Begins to drain; a second call changes nothing.
  func stop() {
    guard !isStopping else { return }
    isStopping = true
    service.log.info("stopping")
    doorway?.close()
    EventLoop.later { [self] in
      await drain()
      guard !hasEnded else { return }
      let isSaved = await service.saveModels()
      end(isSaved ? .clean : .unsaved)
    }
  }

  /// Lets what was received be answered, for a bounded time.
  private func drain() async {
    service.beginDraining()
    drainTimer = EventLoop.after(milliseconds: service.limits.drainSeconds * 1_000) { [weak self] in
      guard let self else { return }
      service.cancelEverything(.stop)
      // What is cancelled is answered at once or never: a client that doesn't read isn't waited for.
      drainTimer = EventLoop.after(milliseconds: 1_000) { [weak self] in self?.service.abandonConnections() }
    }
    await service.untilIdle()
    cancelTimer()
  }

  private func cancelTimer() {
    if let drainTimer { EventLoop.cancel(drainTimer) }
    drainTimer = nil
  }

  /// Ends, once: a second signal may come while the first one's models are saved.
  private func end(_ ending: Ending) {
    guard !hasEnded else { return }
    hasEnded = true
    cancelTimer()
    doorway?.close()
    signals?.close()
    service.abandonConnections()
    locks = nil
    service.log.info("stopped")
    ended(ending)
    ended = { _ in }
  }
}
