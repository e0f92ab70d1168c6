import System

/// Brings signals to the loop.
@EventLoop
final class SignalListener {
  private let watcher: SignalWatcher
  private let receive: @EventLoop (Signal) -> Void
  private var watch: EventLoop.Watch?

  init(_ watcher: SignalWatcher, receive: @escaping @EventLoop (Signal) -> Void) throws(SystemError) {
    self.watcher = watcher
    self.receive = receive
    watch = try EventLoop.watch(watcher, for: .readable) { [weak self] _ in self?.takeSignals() }
  }

  private func takeSignals() {
    for signal in (try? watcher.received()) ?? [] { receive(signal) }
  }

  func close() {
    if let watch { EventLoop.unwatch(watch) }
    watch = nil
  }
}
