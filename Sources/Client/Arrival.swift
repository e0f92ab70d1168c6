import System

/// Waits for what comes first: something from the daemon, or a signal.
struct Arrival {
  enum Source: Int {
    case daemon, signal
  }

  private let poller: Poller
  private let watcher: SignalWatcher
  private let path: String

  init(on socket: borrowing UnixSocket, watcher: SignalWatcher, path: String) throws(ClientError) {
    do {
      poller = try Poller()
      try poller.register(socket, token: Source.daemon.rawValue, interest: .readable)
      try poller.register(watcher, token: Source.signal.rawValue, interest: .readable)
    } catch {
      throw .unreachable(path: path, error)
    }
    self.watcher = watcher
    self.path = path
  }

  /// A signal is told before what the daemon sent, so that neither can hold up the other.
  func wait() throws(ClientError) -> Source {
    var events: [PollEvent] = []
    do {
      while true {
        try poller.wait(timeoutMilliseconds: nil, into: &events)
        if try !watcher.received().isEmpty { return .signal }
        if events.contains(where: { $0.token == Source.daemon.rawValue }) { return .daemon }
      }
    } catch {
      throw .unreachable(path: path, error)
    }
  }
}
