import RPC
import System

/// Where clients come in: takes waiting connections from the listener and checks whose they are.
@EventLoop
final class Doorway {
  private let listener: UnixListener
  private let service: Service
  private var watch: EventLoop.Watch?
  private var retry: EventLoop.Timer?
  private var isOpen = true
  /// Whether it stands in line for a turn.
  private var isInLine = false
  /// Why nobody could be taken in, the last time; nil once somebody was.
  private var obstacle: SystemError?

  init(_ listener: consuming UnixListener, service: Service) throws(SystemError) {
    self.listener = listener
    self.service = service
    watch = try EventLoop.watch(self.listener, for: .readable) { [weak self] _ in self?.waitForTurn() }
  }

  /// A crowd at the door waits in one line with all others who keep the loop busy, and doesn't hold up those inside.
  private func waitForTurn() {
    guard !isInLine else { return }
    isInLine = true
    setInterest([])
    EventLoop.inTurn { [weak self] in
      self?.isInLine = false
      self?.takeClients()
    }
  }

  private func takeClients() {
    var stretch = Stretch()
    while isOpen {
      do throws(SystemError) {
        guard let socket = try listener.accept() else { return setInterest(.readable) }
        obstacle = nil
        welcome(socket)
      } catch {
        pause(after: error)
        return
      }
      if stretch.isLong { return waitForTurn() }
    }
  }

  /// Lets nobody in any more, and takes the socket's name away.
  func close() {
    guard isOpen else { return }
    isOpen = false
    if let retry { EventLoop.cancel(retry) }
    listener.removePath()
    if let watch { EventLoop.unwatch(watch) }
  }

  private func welcome(_ socket: consuming UnixSocket) {
    do throws(SystemError) {
      guard let visitor = try Visitor.identify(socket, allowing: service.configuration.allowedGroup) else {
        return refuseStranger(try socket.peerCredentials().userID)
      }
      guard service.hasRoom else {
        service.statistics.refusedConnectionCount += 1
        return turnAway(socket)
      }
      try service.connect(socket, of: visitor)
    } catch {
      service.log.warning("lost a connection: \(error)")
    }
  }

  /// Closes without a word, as what would be said is no business of a stranger's; the log tells of the first time.
  private func refuseStranger(_ user: UInt32) {
    service.statistics.strangerCount += 1
    if service.statistics.strangerCount == 1 {
      service.log.warning("refused a connection of user \(user); status counts those that follow")
    }
  }

  /// Tells a client that there is no room, if it can be told without waiting.
  private func turnAway(_ socket: borrowing UnixSocket) {
    let error = RPCError.limitExceeded(
      "connections", limit: service.limits.connectionLimit,
      message: "found \(service.limits.connectionLimit) connections already, expected at most that many",
      hint: "close a connection, or send several requests over one")
    var line: [UInt8] = []
    Reply(id: .null, error: error).writeLine(to: &line)
    _ = try? socket.write(line.span)
  }

  /// No descriptor is left for who waits at the door: nobody is taken until a connection closes or a second passes, as
  /// trying again at once would keep the loop busy for nothing.
  private func pause(after error: SystemError) {
    if error != obstacle { service.log.warning("can't accept connections for now: \(error)") }
    obstacle = error
    setInterest([])
    if let retry { EventLoop.cancel(retry) }
    retry = EventLoop.after(milliseconds: 1_000) { [weak self] in self?.reopen() }
    service.connectionClosed = { [weak self] in self?.reopen() }
  }

  private func reopen() {
    guard isOpen else { return }
    if let retry { EventLoop.cancel(retry) }
    service.connectionClosed = {}
    setInterest(.readable)
  }

  private func setInterest(_ interest: PollInterest) {
    guard let watch else { return }
    // It fails only for a descriptor that isn't watched; this one is.
    try? EventLoop.setInterest(interest, of: watch)
  }
}
